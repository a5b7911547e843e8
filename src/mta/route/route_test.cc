// Where mail for an address goes.
#include "mta/route/route.h"

#include "directory/testing.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::mta {
namespace {

using runtime::sim::SimExecutor;

class Route : public testing::Test {
 protected:
  Route() {
    town.add_domain("example.org");
    ann = town.add_account("ann@example.org");
    bob = town.add_account("bob@example.org");
  }

  // "ann@example.org local, x@example.net remote", in no order.
  std::string where(std::string_view address, RouteLimits limits = {}) {
    Router router(town.directory, limits);
    auto found = directory::await(executor, router.resolve(directory::address(address)));
    if (!found) return "error " + found.error().what;
    std::vector<std::string> places;
    for (const Destination& destination : *found) {
      std::string words = destination.address.str();
      if (auto* local = std::get_if<LocalRoute>(&destination.route)) {
        words += " local " + local->account.address.str();
        if (!local->detail.empty()) words += " +" + local->detail;
      } else if (auto* remote = std::get_if<RemoteRoute>(&destination.route)) {
        words += " remote " + remote->domain.str();
      } else {
        words += " " + std::get<NoRoute>(destination.route).reply.str();
      }
      places.push_back(std::move(words));
    }
    std::ranges::sort(places);
    return fmt::format("{}", fmt::join(places, ", "));
  }

  SimExecutor executor{3};
  store::memory::Disk disk{3};
  std::unique_ptr<store::memory::MemoryStore> store = *store::memory::open(disk, executor);
  directory::Town<SimExecutor> town{executor, *store};
  AccountId ann, bob;
};

TEST_F(Route, AnAccountIsAPlace) {
  EXPECT_EQ(where("ann@example.org"), "ann@example.org local ann@example.org");
  EXPECT_EQ(where("ANN@Example.ORG"), "ANN@example.org local ann@example.org");
  EXPECT_EQ(where("ann+box@example.org"), "ann+box@example.org local ann@example.org +box");
}

TEST_F(Route, NobodyIsRefusedForGood) {
  EXPECT_EQ(where("nobody@example.org"), "nobody@example.org 550 5.1.1 No such user here");
  town.set_enabled(bob, false);
  EXPECT_EQ(where("bob@example.org"), "bob@example.org 550 5.2.1 This mailbox is disabled");
}

TEST_F(Route, AForeignAddressIsRemote) {
  EXPECT_EQ(where("x@example.net"), "x@example.net remote example.net");
}

TEST_F(Route, AnAliasIsFollowedToAllItsPlacesOnce) {
  town.add_alias("staff@example.org", {"ann@example.org", "bob@example.org"});
  town.add_alias("all@example.org",
                 {"staff@example.org", "ann@example.org", "bob+x@example.org", "x@example.net"});
  EXPECT_EQ(where("staff@example.org"),
            "ann@example.org local ann@example.org, bob@example.org local bob@example.org");
  std::string all = where("all@example.org");
  EXPECT_TRUE(all.find("x@example.net remote") != std::string::npos) << all;
  EXPECT_EQ(std::ranges::count(all, ','), 2) << all;
}

TEST_F(Route, WhatLeadsNowhereIsAPlaceToo) {
  town.add_alias("half@example.org", {"nobody@example.org", "ann@example.org"});
  town.add_alias("none@example.org", {"nobody@example.org"});
  town.add_alias("off@example.org", {"bob@example.org", "ann@example.org"});
  town.set_enabled(bob, false);
  EXPECT_EQ(where("half@example.org"),
            "ann@example.org local ann@example.org, "
            "nobody@example.org 550 5.1.1 No such user here");
  EXPECT_EQ(where("off@example.org"),
            "ann@example.org local ann@example.org, "
            "bob@example.org 550 5.2.1 This mailbox is disabled");
  EXPECT_EQ(where("none@example.org"), "nobody@example.org 550 5.1.1 No such user here");
}

TEST_F(Route, PostmasterAndAbuseAlwaysReachSomebody) {
  for (const char* role : {"Postmaster", "abuse"}) {
    std::string address = std::string(role) + "@example.org";
    EXPECT_EQ(where(address), address + " local ann@example.org");
    town.add_alias(address, {"nobody@example.org"});
    EXPECT_EQ(where(address), address + " local ann@example.org") << "an alias that leads nowhere";
  }
  EXPECT_EQ(where("postmaster@example.net"), "postmaster@example.net remote example.net");
}

TEST_F(Route, AnAccountOfThatNameThatIsSwitchedOffIsNoPostmaster) {
  town.set_enabled(town.add_account("abuse@example.org"), false);
  EXPECT_EQ(where("abuse@example.org"), "abuse@example.org local ann@example.org");
}

TEST_F(Route, AliasesThatFormALoopEnd) {
  town.add_alias("a@example.org", {"b@example.org"});
  town.add_alias("b@example.org", {"a@example.org"});
  town.add_alias("c@example.org", {"d@example.org"});
  town.add_alias("d@example.org", {"c@example.org", "ann@example.org"});
  EXPECT_EQ(where("a@example.org"), "a@example.org 550 5.4.6 Aliases of this address form a loop");
  EXPECT_EQ(where("c@example.org"), "ann@example.org local ann@example.org");
}

TEST_F(Route, AliasesAreFollowedSoManyLevelsDeep) {
  town.add_alias("l0@example.org", {"ann@example.org"});
  for (int i = 1; i <= 11; ++i)
    town.add_alias("l" + std::to_string(i) + "@example.org",
                   {"l" + std::to_string(i - 1) + "@example.org"});
  EXPECT_EQ(where("l9@example.org"), "ann@example.org local ann@example.org");
  EXPECT_TRUE(where("l10@example.org").find("550 5.4.6") != std::string::npos);
}

TEST_F(Route, AnAddressBecomesSoManyOthersAndNoMore) {
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back("x" + std::to_string(i) + "@example.net");
  std::vector<std::string_view> targets(names.begin(), names.end());
  town.add_alias("many@example.org", targets);
  EXPECT_TRUE(where("many@example.org", {.alias_depth_max = 10, .expansion_max = 21})
                  .starts_with("x0@example.net remote"));
  EXPECT_EQ(where("many@example.org", {.alias_depth_max = 10, .expansion_max = 20}),
            "many@example.org 550 5.4.6 This address expands to too many others");
}

TEST_F(Route, ADirectoryThatDoesNotAnswerIsAnErrorAndNoRefusal) {
  directory::Town<SimExecutor> cold{executor, *store};
  Router router(cold.directory, {});
  disk.fail_operation(2);  // the first read is the snapshot's version
  auto found = directory::await(executor, router.resolve(directory::address("ann@example.org")));
  EXPECT_FALSE(found);
  found = directory::await(executor, router.resolve(directory::address("ann@example.org")));
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace posta::mta
