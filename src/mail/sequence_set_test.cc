#include "mail/sequence_set.h"

#include <gtest/gtest.h>

namespace posta {
namespace {

TEST(SequenceSet, IsReadPrintedAndResolved) {
  struct Case {
    std::string_view text;
    std::uint32_t largest;
    std::string_view resolved;  // as a set
  };
  const Case cases[] = {
      {"1", 9, "1"},
      {"2,4:7,9,12:*", 15, "2,4:7,9,12:15"},  // RFC 3501 §9
      {"*:4,5:7", 10, "4:10"},
      {"*", 3, "3"},
      {"*", 0, ""},  // an empty mailbox has no largest number
      {"1:*", 0, ""},
      {"559:*", 3, "3:559"},  // RFC 3501 §6.4.8: always includes the last message
      {"3:1", 9, "1:3"},
      {"3,1,2", 9, "1:3"},
      {"5,1:9,3", 9, "1:9"},
      {"4294967295,4294967294", 1, "4294967294:4294967295"},
      {"1:4294967295,7", 1, "1:4294967295"},
  };
  for (const auto& c : cases) {
    auto set = SequenceSet::parse(c.text, 10);
    ASSERT_TRUE(set) << c.text;
    EXPECT_EQ(set->str(), c.text);
    EXPECT_EQ(SequenceSet{set->resolve(c.largest)}.str(), c.resolved) << c.text;
    EXPECT_EQ(set->has_star(), c.text.contains('*'));
  }
}

TEST(SequenceSet, ContainsWhatItResolvesTo) {
  for (std::string_view text : {"1", "2,4:6,*", "*:7", "12:*", "9:3"}) {
    auto set = SequenceSet::parse(text, 10);
    ASSERT_TRUE(set) << text;
    for (std::uint32_t largest : {0u, 1u, 8u, 20u})
      for (std::uint32_t number = 1; number < 25; ++number) {
        bool inside = false;
        for (auto range : set->resolve(largest))
          inside = inside || (range.first <= number && number <= range.last);
        EXPECT_EQ(set->contains(number, largest), inside) << text << ' ' << number;
      }
  }
}

TEST(SequenceSet, NonsenseIsRefusedWithItsPlace) {
  struct Case {
    std::string_view text;
    std::size_t at;
  };
  const Case cases[] = {
      {"", 0},           {"0", 0},    {"1,", 2},  {",1", 0}, {"1:", 2},
      {"1:2:3", 3},      {"1,,2", 2}, {"a", 0},   {"1a", 1}, {"-1", 0},
      {"4294967296", 0}, {"1:0", 2},  {"1 2", 1}, {"**", 1}, {"1;2", 1},
  };
  for (const auto& c : cases) {
    auto set = SequenceSet::parse(c.text, 10);
    ASSERT_FALSE(set) << c.text;
    EXPECT_TRUE(set.error().is(Error::Kind::syntax)) << c.text;
    EXPECT_EQ(set.error().at, c.at) << c.text;
  }
}

TEST(SequenceSet, TooManyRangesAreALimit) {
  EXPECT_TRUE(SequenceSet::parse("1,2,3", 3));
  auto set = SequenceSet::parse("1,2,3,4", 3);
  ASSERT_FALSE(set);
  EXPECT_TRUE(set.error().is(Error::Kind::limit));
}

TEST(SequenceSet, NumbersAreWrittenAsRanges) {
  EXPECT_EQ(print_numbers({}), "");
  EXPECT_EQ(print_numbers({5}), "5");
  EXPECT_EQ(print_numbers({1, 2, 3, 7}), "1:3,7");
  EXPECT_EQ(print_numbers({1, 3, 4, 9, 10, 11}), "1,3:4,9:11");
  EXPECT_EQ(print_numbers({4294967294u, 4294967295u}), "4294967294:4294967295");
}

}  // namespace
}  // namespace posta
