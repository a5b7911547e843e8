#include "mta/intake/allowance.h"

#include <gtest/gtest.h>

#include "directory/testing.h"
#include "runtime/sim/sim_executor.h"
#include "runtime/sleep.h"
#include "store/memory/memory_store.h"

namespace posta::mta {
namespace {

using directory::await;
using namespace std::chrono_literals;

constexpr AccountId kAnn{1024};
constexpr AccountId kBob{1025};

class AllowanceTest : public testing::Test {
 protected:
  std::unique_ptr<Allowance::Claim> begin(AllowanceLimits limits, AccountId account = kAnn) {
    auto begun = await(executor, allowance->begin_letter(account, limits, "s"));
    EXPECT_TRUE(begun);
    said = begun->refused ? begun->refused->str() : "";
    EXPECT_EQ(begun->claim == nullptr, begun->refused.has_value());
    return std::move(begun->claim);
  }
  std::string add(Allowance::Claim& claim, std::string_view to) {
    auto no = await(executor, claim.add_recipient(directory::address(to)));
    return no ? no->str() : "yes";
  }
  void spend(Allowance::Claim& claim) {
    claim.spend(executor.wall());
    await(executor, runtime::sleep_for(1s));  // for the relaxed commit
  }

  runtime::sim::SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  NoEvents events;
  std::unique_ptr<Allowance> allowance = std::make_unique<Allowance>(*store, events);
  std::string said;
};

TEST_F(AllowanceTest, LettersOfAnHour) {
  const AllowanceLimits two{.letters_per_hour = 2};
  spend(*begin(two));
  begin(two);  // given up: it does not count
  spend(*begin(two));
  EXPECT_FALSE(begin(two));
  EXPECT_TRUE(said.starts_with("450 4.7.0 No more than 2 letters an hour; again from ")) << said;
  EXPECT_TRUE(begin(two, kBob)) << "another account";
  EXPECT_TRUE(begin({.letters_per_hour = 0})) << "no limit";
  allowance = std::make_unique<Allowance>(*store, events);
  EXPECT_FALSE(begin(two)) << "after a restart too";
  await(executor, runtime::sleep_for(1h));
  EXPECT_TRUE(begin(two));
}

TEST_F(AllowanceTest, LettersBegunAtOnceDoNotPassTogether) {
  const AllowanceLimits two{.letters_per_hour = 2};
  auto first = begin(two), second = begin(two);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(begin(two));
  second.reset();
  EXPECT_TRUE(begin(two));
}

TEST_F(AllowanceTest, RecipientsOfADayAndNewOnes) {
  const AllowanceLimits limits{.recipients_per_day = 4, .new_recipients_per_day = 2};
  {
    auto claim = begin(limits);
    EXPECT_EQ(add(*claim, "a@example.net"), "yes");
    EXPECT_EQ(add(*claim, "b@example.net"), "yes");
    EXPECT_TRUE(add(*claim, "c@example.net").starts_with("452 4.7.0 No more than 2 new recip"));
    spend(*claim);
  }
  auto claim = begin(limits);
  EXPECT_EQ(add(*claim, "A@example.net"), "yes") << "written to before";
  EXPECT_EQ(add(*claim, "b@example.net"), "yes");
  EXPECT_TRUE(
      add(*claim, "a@example.net").starts_with("452 4.7.0 No more than 4 recipients a day"));
  spend(*claim);
  await(executor, runtime::sleep_for(24h));
  auto next_day = begin(limits);
  EXPECT_EQ(add(*next_day, "c@example.net"), "yes");
}

TEST_F(AllowanceTest, RecordsReadBack) {
  Allowance::Spent spent{WallTime(5ms), 6, WallTime(7ms), 8, 9};
  std::string record = Allowance::encode(spent);
  EXPECT_EQ(Allowance::decode(record), spent);
  for (std::size_t size = 0; size < record.size(); ++size)
    EXPECT_FALSE(Allowance::decode(record.substr(0, size)));
  EXPECT_FALSE(Allowance::decode(record + "x"));
}

TEST_F(AllowanceTest, AnAccountThatIsGoneLeavesNothing) {
  auto claim = begin({});
  EXPECT_EQ(add(*claim, "a@example.net"), "yes");
  spend(*claim);
  auto left = [&] {
    return await(executor, store->snapshot()->scan(store::Range::prefix("C/"), 100))->size();
  };
  EXPECT_EQ(left(), 2u);
  store::Batch batch;
  Allowance::forget(batch, kAnn);
  EXPECT_TRUE(await(executor, store->commit(std::move(batch)))->ok());
  EXPECT_EQ(left(), 0u);
}

}  // namespace
}  // namespace posta::mta
