#include "store/heads.h"

#include <gtest/gtest.h>

#include "store/suite.h"

namespace posta::store {
namespace {

using suite::NumberHead;

TEST(Heads, TheLeastRecentlyUsedGoAndTheirLastVersionIsNotForgotten) {  // limit: heads_max
  Heads heads(3);
  heads.start(100);
  for (Partition p = 1; p <= 3; ++p) {
    heads.set(p, std::make_shared<NumberHead>(p));
    heads.touched(p, 100 + p);
  }
  heads.applied(103);
  EXPECT_TRUE(heads.find(1)) << "now it is the most recently used";
  heads.set(4, std::make_shared<NumberHead>(4));
  EXPECT_EQ(heads.size(), 3u);
  EXPECT_FALSE(heads.has(2));
  EXPECT_TRUE(heads.has(1));
  EXPECT_EQ(heads.last_touched(2), 102u);
  heads.offer(2, std::make_shared<NumberHead>(22), 101);
  EXPECT_FALSE(heads.has(2)) << "from before what was forgotten";
  heads.offer(2, std::make_shared<NumberHead>(22), 102);
  EXPECT_TRUE(heads.has(2));
}

TEST(Heads, APartitionWhoseChangeIsNotInTheLogYetStays) {
  Heads heads(1);
  heads.start(0);
  heads.touched(1, 1);
  heads.touched(2, 2);
  EXPECT_EQ(heads.size(), 2u);
  EXPECT_EQ(heads.last_touched(1), 1u);
  heads.applied(2);
  EXPECT_EQ(heads.size(), 1u);
}

TEST(Heads, AFailedGroupLeavesNoHeadAndHasTouchedNothing) {
  Heads heads(10);
  heads.start(5);
  heads.set(1, std::make_shared<NumberHead>(1));
  heads.touched(1, 6);
  heads.drop_all();
  EXPECT_FALSE(heads.has(1));
  heads.offer(1, std::make_shared<NumberHead>(1), 4);
  EXPECT_FALSE(heads.has(1)) << "older than what is there";
  heads.offer(1, std::make_shared<NumberHead>(1), 5);
  EXPECT_TRUE(heads.has(1)) << "as the store is without the group that failed";
}

TEST(Heads, AtOpenNothingOlderThanTheLastVersionIsTaken) {
  Heads heads(10);
  heads.start(5);
  heads.offer(1, std::make_shared<NumberHead>(1), 4);
  EXPECT_FALSE(heads.has(1));
  heads.offer(1, std::make_shared<NumberHead>(1), 5);
  EXPECT_TRUE(heads.has(1));
}

}  // namespace
}  // namespace posta::store
