// Changes and look-ups at the same time, on the simulator, for many seeds.
#include "directory/check.h"
#include "directory/directory.h"
#include "directory/testing.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "runtime/sleep.h"
#include "store/memory/memory_store.h"

namespace posta::directory {
namespace {

using runtime::sim::SimExecutor;

constexpr std::uint64_t kSeeds = 25;

struct World {
  explicit World(std::uint64_t seed) : executor(seed), disk(seed) {
    town.add_domain("example.org");
    town.add_account("first@example.org");
  }
  SimExecutor executor;
  store::memory::Disk disk;
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  Town<SimExecutor> town{executor, *store};
};

// Commits what `prepare(batch)` prepares, again and again while it is refused.
template <class F>
Task<Result<>> commit(store::Store& store, F prepare) {
  for (;;) {
    store::Batch batch;
    CO_TRY_VOID(co_await prepare(batch));
    CO_TRY(auto done, co_await store.commit(std::move(batch)));
    if (done.ok()) co_return {};
  }
}

Task<> add(World& world, std::string name, int& won, int& lost) {
  NewAccount account{.address = address(name)};
  auto prepare = [&](store::Batch& b) {
    return world.town.directory.prepare_add_account(b, account);
  };
  auto done = co_await commit(*world.store, prepare);
  if (done) ++won;
  if (!done) {
    EXPECT_TRUE(done.error().is(Error::Kind::conflict)) << done.error().what;
    ++lost;
  }
}

void check(World& world) {
  auto complaints = await(world.executor, check_directory(world.store->snapshot()));
  ASSERT_TRUE(complaints);
  EXPECT_EQ(*complaints, std::vector<std::string>());
}

TEST(Concurrency, OfManyWhoAddOneAddressOneWins) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    World world(seed);
    int won = 0, lost = 0;
    runtime::Nursery nursery(world.executor);
    for (const char* name : {"ann", "ANN", "Ann", "ann@example.org"})
      nursery.spawn(add(world, name, won, lost));
    for (const char* name : {"bob", "carl", "dan"}) nursery.spawn(add(world, name, won, lost));
    world.executor.run_task(nursery.join());
    EXPECT_EQ(won, 4) << seed;
    EXPECT_EQ(lost, 3) << seed;
    check(world);
  }
}

Task<> add_alias(World& world, std::string name, int& won, int& lost) {
  Alias alias{address(name), {address("x@far.example")}};
  auto prepare = [&](store::Batch& b) { return world.town.directory.prepare_add_alias(b, alias); };
  auto done = co_await commit(*world.store, prepare);
  ++(done ? won : lost);
}

TEST(Concurrency, OfManyWhoMakeOneAliasOneWinsToo) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    World world(seed);
    int won = 0, lost = 0;
    runtime::Nursery nursery(world.executor);
    for (const char* name : {"sales", "SALES", "Sales"})
      nursery.spawn(add_alias(world, name, won, lost));
    nursery.spawn(add(world, "sales", won, lost));
    world.executor.run_task(nursery.join());
    EXPECT_EQ(won, 1) << seed;
    EXPECT_EQ(lost, 3) << seed;
    check(world);
  }
}

Task<> remove_domain(World& world, std::string name, bool& removed) {
  Domain domain = domain_of(name);
  auto prepare = [&](store::Batch& b) {
    return world.town.directory.prepare_remove_domain(b, domain);
  };
  removed = (co_await commit(*world.store, prepare)).has_value();
}

Task<> move_in(World& world, std::string name, int& arrived) {
  NewAccount account{.address = address(name)};
  auto prepare = [&](store::Batch& b) {
    return world.town.directory.prepare_add_account(b, account);
  };
  if (co_await commit(*world.store, prepare)) ++arrived;
}

// Somebody moves in, as an account or as an alias, while the domain is removed: one of the two.
void race_for_a_domain(bool as_account) {
  int removals = 0, arrivals = 0;
  for (std::uint64_t seed = 1; seed <= 2 * kSeeds; ++seed) {
    World world(seed);
    world.town.add_domain("other.example");
    bool removed = false;
    int arrived = 0, turned_away = 0;
    runtime::Nursery nursery(world.executor);
    nursery.spawn(remove_domain(world, "other.example", removed));
    nursery.spawn(as_account ? move_in(world, "ann@other.example", arrived)
                             : add_alias(world, "ann@other.example", arrived, turned_away));
    world.executor.run_task(nursery.join());
    EXPECT_NE(removed, arrived == 1) << seed;
    removals += removed;
    arrivals += arrived;
    check(world);
  }
  EXPECT_GT(removals, 0) << "no seed let the removal win: the test proves nothing";
  EXPECT_GT(arrivals, 0) << "no seed let the arrival win: the test proves nothing";
}

TEST(Concurrency, ADomainIsNotRemovedUnderSomebodyWhoMovesIn) {
  race_for_a_domain(true);
  race_for_a_domain(false);
}

// Adds, removes and sets at random, from several tasks.
Task<> churn(World& world, std::uint64_t seed, int rounds) {
  runtime::sim::Random random(seed);
  Directory& directory = world.town.directory;
  for (int i = 0; i < rounds; ++i) {
    std::string name = fmt::format("user{}@example.org", random.below(6));
    auto found = co_await directory.account(address(name));
    if (!found) continue;
    if (!*found) {
      NewAccount account{.address = address(name)};
      auto prepare = [&](store::Batch& b) { return directory.prepare_add_account(b, account); };
      (void)co_await commit(*world.store, prepare);
    } else if (random.chance(50)) {
      AccountId id = (*found)->id;
      auto prepare = [&](store::Batch& b) { return directory.prepare_remove_account(b, id); };
      (void)co_await commit(*world.store, prepare);
    } else {
      Account set = **found;
      set.quota.octets = random.below(100);
      auto prepare = [&](store::Batch& b) { return directory.prepare_set_account(b, set); };
      if (co_await commit(*world.store, prepare)) {
        // Others may have changed it since, but what was there before is never seen again.
        auto entry = co_await directory.look_up(address(name));
        auto* now = entry ? std::get_if<IsAccount>(&*entry) : nullptr;
        if (now) EXPECT_GE(now->account.id, set.id);
      }
    }
  }
}

TEST(Concurrency, AfterAnyMixtureOfChangesTheRecordsAgree) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    World world(seed);
    runtime::Nursery nursery(world.executor);
    for (std::uint64_t t = 0; t < 5; ++t) nursery.spawn(churn(world, seed * 100 + t, 20));
    world.executor.run_task(nursery.join());
    check(world);
  }
}

// Asks all the time, so that the cache is full of whatever was true.
Task<> ask(World& world, bool& stop) {
  while (!stop) {
    (void)co_await world.town.look_up("ann@example.org");
    co_await runtime::sleep_for(std::chrono::microseconds(50));
  }
}

Task<> set_quotas(World& world, AccountId id, bool& stop) {
  Directory& directory = world.town.directory;
  for (std::uint64_t n = 1; n <= 30; ++n) {
    Account account = **co_await directory.account(id);
    EXPECT_EQ(account.quota.octets, n - 1);
    account.quota.octets = n;
    auto prepare = [&](store::Batch& b) { return directory.prepare_set_account(b, account); };
    EXPECT_TRUE(co_await commit(*world.store, prepare));
    auto entry = co_await world.town.look_up("ann@example.org");
    EXPECT_EQ(std::get<IsAccount>(*entry).account.quota.octets, n);
  }
  stop = true;
}

TEST(Concurrency, AfterACommitNobodySeesWhatWasThereBefore) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    World world(seed);
    AccountId ann = world.town.add_account("ann@example.org");
    bool stop = false;
    runtime::Nursery nursery(world.executor);
    for (int i = 0; i < 3; ++i) nursery.spawn(ask(world, stop));
    nursery.spawn(set_quotas(world, ann, stop));
    world.executor.run_task(nursery.join());
  }
}

}  // namespace
}  // namespace posta::directory
