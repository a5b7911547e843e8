#include "directory/directory.h"
#include "directory/testing.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::directory {
namespace {

using runtime::sim::SimExecutor;

struct Row {
  std::string_view login;
  std::string_view password;
  Login outcome = Login::wrong;
  std::string_view who = "";
};

class Authenticate : public testing::Test {
 protected:
  Authenticate() {
    town.add_domain("example.org");
    town.add_domain("other.example");
    town.add_account("ann@example.org", "correct horse");
    AccountId carl = town.add_account("carl@example.org", "battery staple");
    town.set_enabled(carl, false);
    town.add_account("none@example.org");
    town.add_account("dan@other.example", "pässwörd lang");
    town.add_alias("alias@example.org", {"ann@example.org"});
  }
  SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  Town<SimExecutor> town{executor, *store};
};

TEST_F(Authenticate, KnowsWhoItIs) {
  constexpr Row kRows[] = {
      {"ann@example.org", "correct horse", Login::ok, "ann@example.org"},
      {"ANN@Example.ORG", "correct horse", Login::ok, "ann@example.org"},
      {"ann", "correct horse", Login::ok, "ann@example.org"},
      {"\"ann\"", "correct horse", Login::ok, "ann@example.org"},
      {"dan@other.example", "pässwörd lang", Login::ok, "dan@other.example"},
      {"dan@other.example", "pa\u0308sswo\u0308rd\u00a0lang", Login::ok, "dan@other.example"},
      {"dan", "pässwörd lang"},  // not of the default domain
      {"ann@example.org", "Correct horse"},
      {"ann@example.org", ""},
      {"ann+x@example.org", "correct horse"},
      {"alias@example.org", "correct horse"},
      {"nobody@example.org", "correct horse"},
      {"ann@far.example", "correct horse"},
      {"none@example.org", "correct horse"},
      {"carl@example.org", "battery staple", Login::disabled},
      {"carl@example.org", "wrong"},
      {"", "correct horse"},
      {"@", "correct horse"},
      {"ann@", "correct horse"},
      {"ann ", "correct horse"},
  };
  for (const auto& [login, password, outcome, who] : kRows) {
    auto answer =
        await(executor, town.directory.authenticate(std::string(login), std::string(password)));
    ASSERT_TRUE(answer) << login;
    EXPECT_EQ(answer->outcome, outcome) << login;
    EXPECT_EQ(answer->principal.address.str(), who.empty() ? "\"\"" : who) << login;
    EXPECT_EQ(answer->principal.account.value != 0, outcome == Login::ok) << login;
  }
  std::string long_password(2000, 'x');
  EXPECT_EQ(await(executor, town.directory.authenticate("ann", long_password))->outcome,
            Login::wrong);
}

TEST_F(Authenticate, ANewPasswordHoldsAtOnceAndTheOldOneNoMore) {
  AccountId ann = (*await(executor, town.directory.account(address("ann"))))->id;
  EXPECT_EQ(town.change([&](store::Batch& b) {
    return town.directory.prepare_set_password(b, ann, "another horse");
  }),
            true);
  auto outcome = [&](std::string password) {
    return await(executor, town.directory.authenticate("ann", password))->outcome;
  };
  EXPECT_EQ(outcome("correct horse"), Login::wrong);
  EXPECT_EQ(outcome("another horse"), Login::ok);
}

// If a hash could not be computed at all, who is unknown could not be told from who is known:
// both wait for the same work.
TEST_F(Authenticate, UnknownUsersCostAsMuchAsKnownOnes) {
  Limits limits = cheap_limits();
  limits.hashing_memory_max = limits.hash_cost.memory - 1;
  Directory poor(*store, limits);
  for (std::string login :
       {"ann", "nobody", "none", "carl", "alias@example.org", "@", "x@far.example"}) {
    auto answer = await(executor, poor.authenticate(login, "correct horse"));
    ASSERT_FALSE(answer) << login;
    EXPECT_TRUE(answer.error().is(Error::Kind::unavailable)) << login;
  }
}

TEST_F(Authenticate, OverloadIsUnavailableAndNeverWrong) {
  Limits limits = cheap_limits();
  limits.hashings_waiting_max = 3;
  Directory narrow(*store, limits);
  std::vector<Result<Authenticated>> answers;
  runtime::Nursery nursery(executor);
  for (int i = 0; i < 10; ++i)
    nursery.spawn(collect(answers, narrow.authenticate("ann", "correct horse")));
  executor.run_task(nursery.join());
  int right = 0;
  for (const auto& answer : answers) {
    if (answer) {
      EXPECT_EQ(answer->outcome, Login::ok);
      ++right;
    } else {
      EXPECT_TRUE(answer.error().is(Error::Kind::unavailable));
    }
  }
  EXPECT_GE(right, 3);
  EXPECT_LT(right, 10);
}

TEST_F(Authenticate, AHashKeepsWorkingWhenTheCostIsRaised) {
  Limits dearer = cheap_limits();
  dearer.hash_cost = {.memory = 128_KiB, .passes = 2, .lanes = 1};
  Directory later(*store, dearer);
  EXPECT_EQ(await(executor, later.authenticate("ann", "correct horse"))->outcome, Login::ok);
}

TEST_F(Authenticate, TheDefaultCostWorks) {
  Town<SimExecutor> real(executor, *store, Limits{});
  AccountId eve = real.add_account("eve@example.org", "a dear password");
  EXPECT_TRUE(eve);
  EXPECT_EQ(await(executor, real.directory.authenticate("eve", "a dear password"))->outcome,
            Login::ok);
}

}  // namespace
}  // namespace posta::directory
