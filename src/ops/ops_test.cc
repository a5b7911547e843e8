#include "base/bytes.h"
#include "directory/keys.h"
#include "directory/testing.h"
#include "ops/accounts.h"
#include "ops/aliases.h"
#include "ops/change.h"
#include "ops/domains.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::ops {
namespace {

using directory::address;
using directory::await;
using directory::domain_of;
using runtime::sim::SimExecutor;
using Kind = Error::Kind;

struct House {
  explicit House(std::uint64_t seed) : executor(seed), disk(seed) {
    EXPECT_TRUE(await(executor, domains.add(domain_of("example.org"), {})));
  }
  Result<directory::Account> add(std::string_view name) {
    return await(executor, accounts.add(directory::NewAccount{.address = address(name),
                                                              .password = "long enough",
                                                              .quota = {1000, 10},
                                                              .name = "A Person"}));
  }
  SimExecutor executor;
  store::memory::Disk disk;
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  directory::Directory directory{*store, directory::cheap_limits()};
  mailbox::Mailboxes mailboxes{*store, {}};
  Accounts accounts{*store, directory, mailboxes};
  Domains domains{*store, directory};
  Aliases aliases{*store, directory};
};

TEST(Accounts, AnAddedAccountHasItsMailboxesAtOnce) {
  House house(1);
  auto ann = house.add("Ann@example.org");
  ASSERT_TRUE(ann) << ann.error().what;
  EXPECT_EQ(ann->address.str(), "ann@example.org");
  auto mailboxes = await(house.executor, house.mailboxes.list(ann->id));
  ASSERT_TRUE(mailboxes);
  EXPECT_EQ(mailboxes->size(), 6u);

  auto state = await(house.executor, house.accounts.show(address("ann")));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->account, *ann);
  EXPECT_EQ(state->use.octets, 0u);
  EXPECT_TRUE(state->has_password);
  EXPECT_TRUE(state->is_postmaster);
  EXPECT_EQ(house.add("ANN@example.org").error().kind, Kind::conflict);
  EXPECT_EQ(await(house.executor, house.accounts.show(address("bob"))).error().kind,
            Kind::not_found);
}

Task<> add_quietly(House& house, std::string name, int& added, int& conflicts) {
  directory::NewAccount account;
  account.address = address(name);
  auto done = co_await house.accounts.add(std::move(account));
  if (done) ++added;
  if (!done) {
    EXPECT_TRUE(done.error().is(Kind::conflict)) << describe(done.error());
    ++conflicts;
  }
}

TEST(Accounts, ManyAddedAtOnceAllComeThroughAndOneOfEachAddress) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    House house(seed);
    int added = 0, conflicts = 0;
    runtime::Nursery nursery(house.executor);
    for (int i = 0; i < 12; ++i)
      nursery.spawn(add_quietly(house, fmt::format("user{}", i % 8), added, conflicts));
    house.executor.run_task(nursery.join());
    EXPECT_EQ(added, 8) << seed;
    EXPECT_EQ(conflicts, 4) << seed;
    auto listed = await(house.executor, house.accounts.list("", 100));
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->size(), 8u);
    for (const auto& state : *listed) {
      auto mailboxes = await(house.executor, house.mailboxes.list(state.account.id));
      EXPECT_EQ(mailboxes->size(), 6u);
    }
  }
}

TEST(Accounts, SettingsChangeOnlyWhatIsNamed) {
  House house(1);
  ASSERT_TRUE(house.add("ann") && house.add("bob"));
  auto& executor = house.executor;
  auto now = await(executor, house.accounts.set(address("bob"), {.enabled = false}));
  ASSERT_TRUE(now);
  EXPECT_FALSE(now->enabled);
  EXPECT_EQ(now->name, "A Person");
  now = await(executor, house.accounts.set(address("bob"), {.quota = directory::Quota{5, 5}}));
  EXPECT_FALSE(now->enabled);
  EXPECT_EQ(now->quota.octets, 5u);
  auto login = await(executor, house.directory.authenticate("bob", "long enough"));
  EXPECT_EQ(login->outcome, directory::Login::disabled);
  EXPECT_EQ(await(executor, house.accounts.set(address("ann"), {.enabled = false})).error().kind,
            Kind::conflict);
  EXPECT_EQ(await(executor, house.accounts.set_postmaster(address("bob"))).error().kind,
            Kind::conflict);
  EXPECT_TRUE(await(executor, house.accounts.set(address("bob"), {.enabled = true})));
  EXPECT_TRUE(await(executor, house.accounts.set_postmaster(address("bob"))));
  EXPECT_TRUE(await(executor, house.accounts.set(address("ann"), {.enabled = false})));
  EXPECT_EQ(await(executor, house.accounts.set_password(address("ann"), "short")).error().kind,
            Kind::limit);
  EXPECT_TRUE(await(executor, house.accounts.set_password(address("ann"), "short", true)));
}

// Everything that is left of an account outside the directory.
std::size_t keys_of(House& house, AccountId id) {
  auto all =
      *await(house.executor, house.store->snapshot()->scan(store::Range::prefix("A/"), 1'000'000));
  std::string octets;
  put_be64(octets, id.value);
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const store::KeyValue& entry) {
    return entry.key.find(octets) != std::string::npos;
  }));
}

TEST(Accounts, RemovalTakesTheMailAndWhatACrashLeftIsTakenUp) {
  House house(1);
  auto& executor = house.executor;
  ASSERT_TRUE(house.add("ann"));
  AccountId bob = house.add("bob")->id;
  AccountId carl = house.add("carl")->id;
  EXPECT_GT(keys_of(house, bob), 0u);
  ASSERT_TRUE(await(executor, house.accounts.remove(address("bob"))));
  EXPECT_EQ(keys_of(house, bob), 0u);
  EXPECT_TRUE(await(executor, house.directory.removed(10))->empty());
  EXPECT_EQ(await(executor, house.accounts.remove(address("bob"))).error().kind, Kind::not_found);

  // As if the power had gone after the first commit of a removal.
  auto prepare = [&](store::Batch& batch) {
    return house.directory.prepare_remove_account(batch, carl);
  };
  ASSERT_TRUE(await(executor, change(*house.store, prepare)));
  EXPECT_GT(keys_of(house, carl), 0u);
  EXPECT_EQ(await(executor, house.accounts.finish_removals()), 1u);
  EXPECT_EQ(keys_of(house, carl), 0u);
  EXPECT_EQ(await(executor, house.accounts.finish_removals()), 0u);
}

TEST(Domains, ShowWhoAnswersForThem) {
  House house(1);
  auto& executor = house.executor;
  ASSERT_TRUE(house.add("ann") && house.add("bob"));
  auto made = await(executor, house.domains.add(domain_of("other.example"),
                                                {.postmaster = address("bob@example.org"),
                                                 .catch_all = address("ann@example.org"),
                                                 .separator = '-'}));
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(made->postmaster->str(), "bob@example.org");
  EXPECT_EQ(made->domain.separator, '-');
  auto set = await(executor, house.domains.set(domain_of("other.example"),
                                               {.postmaster = Address{}, .make_default = true}));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->postmaster->str(), "ann@example.org");
  EXPECT_TRUE(set->domain.is_default);
  EXPECT_EQ(set->domain.catch_all->str(), "ann@example.org");
  set = await(executor, house.domains.set(domain_of("other.example"),
                                          {.catch_all = std::optional<Address>()}));
  EXPECT_FALSE(set->domain.catch_all);
  EXPECT_EQ(await(executor, house.domains.list())->size(), 2u);
  EXPECT_EQ(await(executor, house.domains.set(domain_of("other.example"),
                                              {.postmaster = address("x@other.example")}))
                .error()
                .kind,
            Kind::not_found);
  EXPECT_EQ(await(executor, house.domains.remove(domain_of("example.org"))).error().kind,
            Kind::conflict);
  EXPECT_EQ(await(executor, house.domains.show(domain_of("far.example"))).error().kind,
            Kind::not_found);
}

TEST(Aliases, AreAddedSetListedAndRemoved) {
  House house(1);
  auto& executor = house.executor;
  ASSERT_TRUE(house.add("ann"));
  EXPECT_TRUE(await(executor, house.aliases.add({address("sales"), {address("ann")}})));
  EXPECT_EQ(await(executor, house.aliases.add({address("Sales"), {address("ann")}})).error().kind,
            Kind::conflict);
  EXPECT_TRUE(await(executor, house.aliases.set({address("sales"), {address("x@far.example")}})));
  auto listed = await(executor, house.aliases.list("", 10));
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ(listed->front().targets.front().str(), "x@far.example");
  EXPECT_TRUE(await(executor, house.aliases.remove(address("SALES@example.org"))));
  EXPECT_TRUE(await(executor, house.aliases.list("", 10))->empty());
}

// A batch that can never be accepted.
TEST(Change, GivesUpWhenItIsRefusedForEver) {
  House house(1);
  int tries = 0;
  auto prepare = [&](store::Batch& batch) -> Task<Result<>> {
    ++tries;
    batch.require_absent(std::string(directory::kMetaKey));
    co_return {};
  };
  auto done = await(house.executor, change(*house.store, prepare));
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().is(Kind::unavailable));
  EXPECT_EQ(tries, kTriesMax);
}

}  // namespace
}  // namespace posta::ops
