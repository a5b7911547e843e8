#include "directory/check.h"

#include "directory/keys.h"
#include "directory/records.h"
#include "directory/testing.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::directory {
namespace {

using runtime::sim::SimExecutor;

class CheckDirectory : public testing::Test {
 protected:
  CheckDirectory() {
    town.add_domain("example.org");
    town.add_account("ann@example.org", "long enough");
    bob = town.add_account("bob@example.org", "long enough");
    town.add_alias("sales@example.org", {"ann@example.org"});
    town.add_alias("info-*@example.org", {"ann@example.org"});
  }
  std::vector<std::string> complaints() {
    return *await(executor, check_directory(store->snapshot()));
  }
  SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  Town<SimExecutor> town{executor, *store};
  AccountId bob;
};

TEST_F(CheckDirectory, HasNothingToSayOfAHealthyOne) {
  EXPECT_EQ(complaints(), std::vector<std::string>());
  EXPECT_EQ(
      town.change([&](store::Batch& b) { return town.directory.prepare_remove_account(b, bob); }),
      true);
  EXPECT_EQ(complaints(), std::vector<std::string>());
}

// Every key in turn is lost, damaged, or stands elsewhere.
TEST_F(CheckDirectory, MissesEveryRecordThatIsLostOrDamaged) {
  auto all = *await(executor, store->snapshot()->scan(store::Range::prefix("D/"), 100));
  EXPECT_EQ(all.size(), 13u);
  auto commit = [&](store::Batch batch) {
    EXPECT_TRUE(await(executor, store->commit(std::move(batch)))->ok());
  };
  for (const auto& [key, value] : all) {
    store::Batch damage, repair;
    damage.put(key, value + "x");
    commit(std::move(damage));
    EXPECT_FALSE(complaints().empty()) << "damaged " << key;
    repair.put(key, value);
    commit(std::move(repair));
    // An alias, a pattern, credentials and the secret are wanted by nobody else.
    if (key.starts_with(kPatternPrefix) || key.ends_with("/password") || key.ends_with("/scram") ||
        key.ends_with("sales") || key == kSecretKey)
      continue;
    store::Batch lose, find;
    lose.erase(key);
    commit(std::move(lose));
    EXPECT_FALSE(complaints().empty()) << "lost " << key;
    find.put(key, value);
    commit(std::move(find));
  }
  store::Batch stranger;
  stranger.put("D/stranger", "");
  stranger.put(address_key(domain_of("far.example"), "ann"), encode(AtAddress(bob)));
  stranger.put(removed_key(bob), encode(Removed{}));
  commit(std::move(stranger));
  EXPECT_GE(complaints().size(), 4u);
}

}  // namespace
}  // namespace posta::directory
