#include "directory/directory.h"
#include "directory/keys.h"
#include "directory/records.h"
#include "directory/testing.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::directory {
namespace {

using runtime::sim::SimExecutor;
using Kind = Error::Kind;

class Changes : public testing::Test {
 protected:
  Changes() {
    town.add_domain("example.org");
    ann = town.add_account("ann@example.org");
    bob = town.add_account("bob@example.org");
    town.add_alias("sales@example.org", {"ann@example.org"});
  }

  // The kind of the error that the change meets; nothing if it went through.
  template <class F>
  std::optional<Kind> refusal(F prepare) {
    auto done = town.change(prepare);
    if (!done) return done.error().kind;
    EXPECT_TRUE(*done);
    return std::nullopt;
  }
  auto add_account(std::string_view name, std::string password = "", std::string person = "") {
    return refusal([&](store::Batch& b) {
      return town.directory.prepare_add_account(
          b, {.address = address(name), .password = password, .name = person});
    });
  }
  auto add_alias(std::string_view name, std::vector<Address> targets) {
    return refusal([&](store::Batch& b) {
      return town.directory.prepare_add_alias(b, {address(name), targets});
    });
  }
  auto set_domain(DomainInfo info) {
    return refusal([&](store::Batch& b) { return town.directory.prepare_set_domain(b, info); });
  }
  auto remove_domain(std::string_view name) {
    return refusal(
        [&](store::Batch& b) { return town.directory.prepare_remove_domain(b, domain_of(name)); });
  }
  auto remove_account(AccountId id) {
    return refusal([&](store::Batch& b) { return town.directory.prepare_remove_account(b, id); });
  }
  auto set_password(AccountId id, std::string password, bool force = false) {
    return refusal([&](store::Batch& b) {
      return town.directory.prepare_set_password(b, id, password, force);
    });
  }

  static Limits limits() {
    Limits out = cheap_limits();
    out.accounts_max = 4;
    out.patterns_max = 2;
    out.alias_targets_max = 2;
    return out;
  }

  SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  Town<SimExecutor> town{executor, *store, limits()};
  AccountId ann, bob;
};

TEST_F(Changes, AnAddressIsOneThingOnly) {
  EXPECT_EQ(add_account("ANN@example.org"), Kind::conflict);
  EXPECT_EQ(add_account("Sales@example.org"), Kind::conflict);
  EXPECT_EQ(add_alias("ann@example.org", {address("x@far.example")}), Kind::conflict);
  EXPECT_EQ(add_alias("SALES@example.org", {address("x@far.example")}), Kind::conflict);
  EXPECT_EQ(add_account("ann@far.example"), Kind::not_found);
  EXPECT_EQ(add_account("carl"), std::nullopt);  // of the default domain
  EXPECT_EQ(town.ask("carl@example.org"), "account carl@example.org");
}

TEST_F(Changes, NamesThatNobodyCouldWriteToAreRefused) {
  EXPECT_EQ(add_account("a*@example.org"), Kind::syntax);
  EXPECT_EQ(add_account(std::string(65, 'a')), Kind::syntax);  // RFC 5321 §4.5.3.1.1
  EXPECT_EQ(add_account(""), Kind::syntax);
  EXPECT_EQ(add_account("a\r\nb"), Kind::syntax);
  EXPECT_EQ(add_account("x", "", "two\nlines"), Kind::syntax);
  EXPECT_EQ(add_account("x", "", std::string(257, 'n')), Kind::limit);
}

TEST_F(Changes, AliasesLeadSomewhereElseAndNotToTooMany) {
  EXPECT_EQ(add_alias("a@example.org", {}), Kind::syntax);
  EXPECT_EQ(add_alias("a@example.org", {address("A@example.org")}), Kind::conflict);
  Address x = address("x@far.example"), y = address("y@far.example"), z = address("z@far.example");
  EXPECT_EQ(add_alias("a@example.org", {x, y, z}), Kind::limit);  // alias_targets_max
  EXPECT_EQ(add_alias("a@example.org", {x, x}), std::nullopt);
  EXPECT_EQ(town.ask("a@example.org"), "alias a@example.org -> x@far.example");
  EXPECT_EQ(add_alias("*@example.org", {x}), Kind::syntax);
  EXPECT_EQ(add_alias("p-*@example.org", {x}), std::nullopt);
  EXPECT_EQ(add_alias("P-*@example.org", {x}), Kind::conflict);
  EXPECT_EQ(add_alias("q-*@example.org", {x}), std::nullopt);
  EXPECT_EQ(add_alias("r-*@example.org", {x}), Kind::limit);  // patterns_max

  auto set = [&](std::string_view name, Address target) {
    return refusal([&](store::Batch& b) {
      return town.directory.prepare_set_alias(b, {address(name), {target}});
    });
  };
  auto remove = [&](std::string_view name) {
    return refusal(
        [&](store::Batch& b) { return town.directory.prepare_remove_alias(b, address(name)); });
  };
  EXPECT_EQ(set("P-*@example.org", y), std::nullopt);
  EXPECT_EQ(town.ask("p-1@example.org"), "alias p-*@example.org -> y@far.example");
  EXPECT_EQ(set("none@example.org", y), Kind::not_found);
  EXPECT_EQ(set("ann@example.org", y), Kind::conflict);
  EXPECT_EQ(remove("ann@example.org"), Kind::conflict);
  EXPECT_EQ(remove("SALES@example.org"), std::nullopt);
  EXPECT_EQ(remove("sales@example.org"), Kind::not_found);
  EXPECT_EQ(remove("p-*@example.org"), std::nullopt);
  EXPECT_EQ(town.ask("sales@example.org"), "unknown");
}

TEST_F(Changes, ThereIsAlwaysSomebodyWhoAnswersForPostmaster) {
  Account first = **await(executor, town.directory.account(ann));
  first.enabled = false;
  auto disable = [&](store::Batch& b) { return town.directory.prepare_set_account(b, first); };
  EXPECT_EQ(refusal(disable), Kind::conflict);
  EXPECT_EQ(remove_account(ann), Kind::conflict);
  auto promote = [&](AccountId id) {
    return refusal([&](store::Batch& b) { return town.directory.prepare_set_postmaster(b, id); });
  };
  EXPECT_EQ(promote(AccountId(99)), Kind::not_found);
  town.set_enabled(bob, false);
  EXPECT_EQ(promote(bob), Kind::conflict);
  town.set_enabled(bob, true);
  EXPECT_EQ(promote(bob), std::nullopt);
  EXPECT_EQ(town.ask("postmaster"), "account bob@example.org");
  EXPECT_EQ(refusal(disable), std::nullopt);
  EXPECT_EQ(remove_account(ann), std::nullopt);
  EXPECT_EQ(remove_account(bob), std::nullopt);  // the last may go
  EXPECT_EQ(await(executor, town.directory.system())->accounts, 0u);
}

TEST_F(Changes, AnAccountChangesItsSettingsButNeitherItsAddressNorItsAge) {
  executor.run_for(std::chrono::hours(1));
  Account set = **await(executor, town.directory.account(bob));
  WallTime created = set.created;
  set.address = address("BOB@example.org");
  set.name = "Bob Ünder";
  set.quota = {1000, 10};
  set.created = {};
  auto prepare = [&](store::Batch& b) { return town.directory.prepare_set_account(b, set); };
  EXPECT_EQ(refusal(prepare), std::nullopt);
  Account now = **await(executor, town.directory.account(address("bob")));
  EXPECT_EQ(now.name, "Bob Ünder");
  EXPECT_EQ(now.quota, (Quota{1000, 10}));
  EXPECT_EQ(now.created, created);
  EXPECT_EQ(now.address.str(), "bob@example.org");
  set.address = address("rob@example.org");
  EXPECT_EQ(refusal(prepare), Kind::conflict);
  set.id = AccountId(99);
  EXPECT_EQ(refusal(prepare), Kind::not_found);
}

TEST_F(Changes, IdsAreNeverUsedTwiceAndTheGoneAreRemembered) {
  EXPECT_EQ(remove_account(bob), std::nullopt);
  EXPECT_EQ(town.ask("bob@example.org"), "unknown");
  EXPECT_EQ(remove_account(bob), Kind::not_found);
  AccountId again = town.add_account("bob@example.org");
  EXPECT_GT(again, bob);
  EXPECT_EQ(*await(executor, town.directory.removed(10)), std::vector{bob});
  store::Batch batch;
  town.directory.forget_removed(batch, bob);
  EXPECT_TRUE(await(executor, store->commit(std::move(batch)))->ok());
  EXPECT_TRUE(await(executor, town.directory.removed(10))->empty());
}

TEST_F(Changes, CrossingAccountsMaxIsRefusedUntilOneGoes) {
  town.add_account("carl@example.org");
  AccountId dan = town.add_account("dan@example.org");
  EXPECT_EQ(add_account("eve@example.org"), Kind::limit);
  EXPECT_EQ(remove_account(dan), std::nullopt);
  EXPECT_EQ(add_account("eve@example.org"), std::nullopt);
}

TEST_F(Changes, DomainsAreRemovedOnlyWhenNobodyLivesThere) {
  EXPECT_EQ(remove_domain("far.example"), Kind::not_found);
  EXPECT_EQ(remove_domain("example.org"), Kind::conflict);  // in use
  town.add_domain("other.example");
  town.add_alias("x-*@other.example", {"ann@example.org"});
  EXPECT_EQ(remove_domain("other.example"), Kind::conflict);
  auto remove = [&](store::Batch& b) {
    return town.directory.prepare_remove_alias(b, address("x-*@other.example"));
  };
  EXPECT_EQ(refusal(remove), std::nullopt);
  DomainInfo other;
  other.name = domain_of("other.example");
  other.is_default = true;
  EXPECT_EQ(set_domain(other), std::nullopt);
  EXPECT_EQ(remove_domain("other.example"), Kind::conflict);  // the default
  other.is_default = false;
  EXPECT_EQ(set_domain(other), Kind::conflict);
  DomainInfo back;
  back.name = domain_of("example.org");
  back.is_default = true;
  EXPECT_EQ(set_domain(back), std::nullopt);
  EXPECT_EQ(remove_domain("other.example"), std::nullopt);
  EXPECT_EQ(town.ask("x@other.example"), "not local");
}

TEST_F(Changes, DomainSettingsAreChecked) {
  DomainInfo info;
  info.name = domain_of("example.org");
  info.is_default = true;
  for (char separator : std::string_view("a.@* \"")) {
    info.separator = separator;
    EXPECT_EQ(set_domain(info), Kind::syntax) << separator;
  }
  info.separator = '=';
  info.postmaster = AccountId(99);
  EXPECT_EQ(set_domain(info), Kind::not_found);
  info.postmaster = bob;
  info.catch_all = address("Rest");  // bare: of this domain
  EXPECT_EQ(set_domain(info), std::nullopt);
  EXPECT_EQ(town.ask("postmaster"), "account bob@example.org");
  EXPECT_EQ(town.ask("x"), "alias *@example.org -> rest@example.org");
  auto add = [&](store::Batch& b) { return town.directory.prepare_add_domain(b, info); };
  EXPECT_EQ(refusal(add), Kind::conflict);
}

TEST_F(Changes, ShortPasswordsNeedForceAndControlsAreNeverTaken) {
  EXPECT_EQ(set_password(bob, "short"), Kind::limit);
  EXPECT_EQ(set_password(bob, "short", true), std::nullopt);
  EXPECT_EQ(set_password(bob, std::string(1025, 'x')), Kind::limit);
  EXPECT_EQ(set_password(bob, std::string("nul\0inside", 10)), Kind::syntax);
  EXPECT_EQ(set_password(AccountId(99), "long enough"), Kind::not_found);
  EXPECT_EQ(await(executor, town.directory.has_password(bob)), true);
  EXPECT_EQ(set_password(bob, ""), std::nullopt);
  EXPECT_EQ(await(executor, town.directory.has_password(bob)), false);
  EXPECT_EQ(add_account("carl", "short"), Kind::limit);
}

TEST_F(Changes, OfOneBatchBuildOnEachOther) {
  store::Batch batch;
  DomainInfo info;
  info.name = domain_of("new.example");
  auto ok = [&](auto task) { return await(executor, std::move(task)).has_value(); };
  EXPECT_TRUE(ok(town.directory.prepare_add_domain(batch, info)));
  NewAccount one{.address = address("one@new.example")};
  NewAccount two{.address = address("two@new.example")};
  auto first = await(executor, town.directory.prepare_add_account(batch, one));
  auto again = await(executor, town.directory.prepare_add_account(batch, one));
  auto second = await(executor, town.directory.prepare_add_account(batch, two));
  ASSERT_TRUE(first && second);
  EXPECT_LT(*first, *second);
  EXPECT_TRUE(!again && again.error().is(Kind::conflict));
  EXPECT_FALSE(ok(town.directory.prepare_remove_domain(batch, info.name)));
  EXPECT_EQ(batch.publications.size(), 1u);
  ASSERT_TRUE(await(executor, store->commit(std::move(batch)))->ok());
  EXPECT_EQ(town.ask("two@new.example"), "account two@new.example");

  store::Batch away;
  EXPECT_TRUE(ok(town.directory.prepare_remove_account(away, *first)));
  EXPECT_FALSE(ok(town.directory.prepare_remove_domain(away, info.name)));
  EXPECT_TRUE(ok(town.directory.prepare_remove_account(away, *second)));
  EXPECT_TRUE(ok(town.directory.prepare_remove_domain(away, info.name)));
  EXPECT_TRUE(await(executor, store->commit(std::move(away)))->ok());
  EXPECT_EQ(town.ask("two@new.example"), "not local");
}

TEST_F(Changes, AnErrorLeavesTheBatchAsItWas) {
  store::Batch batch;
  NewAccount taken{.address = address("ann")};
  EXPECT_FALSE(await(executor, town.directory.prepare_add_account(batch, taken)));
  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(batch.requires_.empty());
}

}  // namespace
}  // namespace posta::directory
