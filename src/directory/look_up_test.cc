#include "directory/directory.h"
#include "directory/testing.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::directory {
namespace {

using runtime::sim::SimExecutor;

struct Row {
  std::string_view address;
  std::string_view answer;
};

class LookUp : public testing::Test {
 protected:
  LookUp() {
    town.add_domain("example.org");
    town.add_account("Ann@example.org");  // the first: the system's postmaster
    bob = town.add_account("bob@example.org");
    carl = town.add_account("carl@example.org");
    town.add_account("\"a b\"@example.org");
    town.add_account("Grüße@example.org");
    town.add_account("bob+vip@example.org");
    town.set_enabled(carl, false);
    town.add_alias("Sales@example.org", {"ann@example.org", "Bob@example.org", "eve@far.example"});
    town.add_alias("info-*@example.org", {"ann@example.org"});
    town.add_alias("info-west-*@example.org", {"bob@example.org"});
    town.add_alias("*-sales@example.org", {"sales@example.org"});

    DomainInfo catching;
    catching.catch_all = address("rest@catch.example");
    catching.separator = '-';
    town.add_domain("catch.example", catching);
    town.add_account("dan@catch.example");

    DomainInfo bobs;
    bobs.postmaster = bob;
    bobs.separator = 0;
    town.add_domain("bücher.example", bobs);
    town.add_account("dan@bücher.example");
    town.add_alias("abuse@bücher.example", {"desk@far.example"});
  }

  void expect(std::span<const Row> rows) {
    for (int round = 0; round < 2; ++round)  // cold, then from the cache
      for (const auto& [address, answer] : rows) EXPECT_EQ(town.ask(address), answer) << address;
  }

  SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  Town<SimExecutor> town{executor, *store};
  AccountId bob, carl;
};

TEST_F(LookUp, FindsAccountsAndAliasesWithoutCase) {
  expect(std::array<Row, 9>{{
      {"ann@example.org", "account ann@example.org"},
      {"ANN@EXAMPLE.ORG", "account ann@example.org"},
      {"\"ann\"@example.org", "account ann@example.org"},
      {"\"A B\"@example.org", "account \"a b\"@example.org"},
      {"GRÜSSE@example.org", "account grüße@example.org"},
      {"sales@example.org",
       "alias sales@example.org -> ann@example.org bob@example.org eve@far.example"},
      {"carl@example.org", "off 1026"},
      {"nobody@example.org", "unknown"},
      {"dan@xn--bcher-kva.example", "account dan@xn--bcher-kva.example"},
  }});
}

TEST_F(LookUp, KnowsWhichDomainsAreOurs) {
  expect(std::array<Row, 4>{{
      {"ann@far.example", "not local"},
      {"ann@sub.example.org", "not local"},
      {"postmaster@far.example", "not local"},
      {"ann@[127.0.0.1]", "not local"},
  }});
}

TEST_F(LookUp, ABareLocalPartBelongsToTheDefaultDomain) {
  expect(std::array<Row, 4>{{
      {"ann", "account ann@example.org"},
      {"dan", "unknown"},
      {"Postmaster", "account ann@example.org"},
      {"sales+x", "alias sales@example.org -> ann@example.org bob@example.org eve@far.example +x"},
  }});
}

// RFC 5233 §1
TEST_F(LookUp, PartsUserAndDetailAtTheFirstSeparatorOfTheDomain) {
  expect(std::array<Row, 10>{{
      {"ann+Lists@example.org", "account ann@example.org +Lists"},
      {"ann+a+b@example.org", "account ann@example.org +a+b"},
      {"ann+@example.org", "account ann@example.org"},
      {"+ann@example.org", "unknown"},
      {"bob+vip@example.org", "account bob+vip@example.org"},  // exactly before subaddress
      {"bob+vip+x@example.org", "account bob@example.org +vip+x"},
      {"carl+x@example.org", "off 1026"},
      {"ann-x@example.org", "unknown"},
      {"dan-x@catch.example", "account dan@catch.example +x"},
      {"dan+x@bücher.example", "unknown"},
  }});
}

TEST_F(LookUp, PatternsComeAfterSubaddressesAndTheLongestLiteralWins) {
  expect(std::array<Row, 6>{{
      {"info-7@example.org", "alias info-*@example.org -> ann@example.org"},
      {"INFO-WEST-7@example.org", "alias info-west-*@example.org -> bob@example.org"},
      {"east-sales@example.org", "alias *-sales@example.org -> sales@example.org"},
      {"info-west-sales@example.org", "alias info-west-*@example.org -> bob@example.org"},
      {"bob+info-x-sales@example.org", "account bob@example.org +info-x-sales"},
      {"info-@example.org", "unknown"},
  }});
}

TEST_F(LookUp, ACatchAllTakesTheRestButNeverItself) {
  expect(std::array<Row, 3>{{
      {"anybody@catch.example", "alias *@catch.example -> rest@catch.example"},
      {"REST@catch.example", "unknown"},
      {"nobody@example.org", "unknown"},
  }});
  town.add_account("rest@catch.example");
  EXPECT_EQ(town.ask("rest@catch.example"), "account rest@catch.example");
}

// RFC 5321 §4.5.1, RFC 2142 §4
TEST_F(LookUp, PostmasterAndAbuseOfEveryDomainOfOursAreAlwaysThere) {
  expect(std::array<Row, 7>{{
      {"postmaster@example.org", "account ann@example.org"},
      {"PostMaster@example.org", "account ann@example.org"},
      {"abuse@example.org", "account ann@example.org"},
      {"postmaster@bücher.example", "account bob@example.org"},
      {"abuse@bücher.example", "alias abuse@xn--bcher-kva.example -> desk@far.example"},
      {"postmaster@catch.example", "account ann@example.org"},  // before the catch-all
      {"abuse@catch.example", "account ann@example.org"},
  }});
  town.set_enabled(bob, false);
  EXPECT_EQ(town.ask("postmaster@bücher.example"), "account ann@example.org");
}

TEST_F(LookUp, ListsInOrderOfAddressAndResumesAfterOne) {
  auto accounts = [&](std::string after, std::size_t limit) {
    std::vector<std::string> out;
    for (auto& a : *await(executor, town.directory.accounts(after, limit)))
      out.push_back(a.address.str());
    return out;
  };
  EXPECT_EQ(accounts("", 3), (std::vector<std::string>{"dan@catch.example", "\"a b\"@example.org",
                                                       "ann@example.org"}));
  EXPECT_EQ(accounts("ANN@example.org", 2),
            (std::vector<std::string>{"bob@example.org", "bob+vip@example.org"}));
  EXPECT_EQ(accounts("", 100).size(), 8u);
  EXPECT_EQ(accounts("", 0).size(), 0u);
  EXPECT_FALSE(await(executor, town.directory.accounts("@", 1)));

  auto aliases = [&](std::string after, std::size_t limit) {
    std::vector<std::string> out;
    for (auto& a : *await(executor, town.directory.aliases(after, limit)))
      out.push_back(a.address.str());
    return out;
  };
  EXPECT_EQ(aliases("", 100),
            (std::vector<std::string>{"sales@example.org", "abuse@xn--bcher-kva.example",
                                      "*-sales@example.org", "info-*@example.org",
                                      "info-west-*@example.org"}));
  EXPECT_EQ(aliases("sales@example.org", 2),
            (std::vector<std::string>{"abuse@xn--bcher-kva.example", "*-sales@example.org"}));
  EXPECT_EQ(aliases("*-sales@example.org", 1), (std::vector<std::string>{"info-*@example.org"}));

  auto domains = *await(executor, town.directory.domains());
  ASSERT_EQ(domains.size(), 3u);
  EXPECT_EQ(domains[0].name.str(), "catch.example");
  EXPECT_TRUE(domains[1].is_default);
  EXPECT_EQ(domains[2], **await(executor, town.directory.domain(domain_of("bücher.example"))));
}

TEST_F(LookUp, WithoutAnAccountNobodyIsPostmasterAndWithoutADomainNothingIsLocal) {
  SimExecutor other(2);
  store::memory::Disk blank{2};
  std::unique_ptr<store::Store> empty = *store::memory::open(blank, other);
  Town<SimExecutor> ghost(other, *empty);
  EXPECT_EQ(ghost.ask("postmaster"), "not local");
  ghost.add_domain("example.org");
  EXPECT_EQ(ghost.ask("postmaster"), "unknown");
  ghost.add_account("ann@example.org");
  EXPECT_EQ(ghost.ask("postmaster"), "account ann@example.org");
}

}  // namespace
}  // namespace posta::directory
