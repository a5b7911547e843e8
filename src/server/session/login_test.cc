#include "server/session/login.h"

#include <gtest/gtest.h>

#include <map>

#include "base/codec.h"
#include "directory/testing.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "runtime/sleep.h"
#include "server/session/login_events.h"
#include "store/memory/memory_store.h"
#include "wire/sasl/client.h"

namespace posta::server {
namespace {

using directory::await;
using directory::Scope;
using directory::Scopes;
using runtime::sim::SimExecutor;
using wire::sasl::Mechanism;
using Kind = LoginOutcome::Kind;
using namespace std::chrono_literals;

// What was said of logins, in order: "refused wrong", "accepted".
class Said final : public Events {
 public:
  void emit(const Event& event) override {
    std::map<std::string, std::string, std::less<>> fields;
    for (const Field& field : event.fields)
      if (auto* text = std::get_if<std::string>(&field.value))
        fields[std::string(field.name)] = *text;
    last = fields;
    said.push_back(event.name == event::kLoginAccepted ? "accepted" : "refused " + fields["why"]);
  }
  std::vector<std::string> said;
  std::map<std::string, std::string, std::less<>> last;
};

class LoginsTest : public testing::Test {
 protected:
  LoginsTest() {
    town.add_domain("example.org");
    ann = town.add_account("ann@example.org", "correct horse");
    AccountId carl = town.add_account("carl@example.org", "battery staple");
    town.set_enabled(carl, false);
    open({});
  }
  void open(Logins::Limits limits) {
    logins = std::make_unique<Logins>(town.directory, said, limits, store.get());
  }
  LoginPlace place(std::string peer = "192.0.2.7", bool secure = true) {
    return {.service = "pop3",
            .scope = Scope::pop3,
            .session = "s1",
            .peer = *net::IpAddress::parse(peer),
            .secure = secure,
            .tls = tls.exporter.empty() ? nullptr : &tls};
  }
  Kind login(std::string user, std::string password, std::string peer = "192.0.2.7") {
    return await(executor, logins->password(place(std::move(peer)), user, password)).kind;
  }
  // A whole exchange with one of our clients.
  Kind sasl(Mechanism mechanism, std::string user, std::string password, std::string authzid = "",
            bool initial = true) {
    Kind why{};
    auto exchange = logins->begin(place(), wire::sasl::info(mechanism).name, why);
    if (!exchange) return why;
    auto client = wire::sasl::begin_client(
        mechanism, {user, password, authzid},
        {.bindings = {tls.exporter, ""}, .plus_offered = true, .nonce = "n", .iterations_min = 1});
    std::optional<std::string> response;
    if (initial) response = client->initial();
    for (;;) {
      auto step = await(executor, exchange->step(std::move(response)));
      if (!step.challenge) {
        EXPECT_TRUE(step.outcome.kind != Kind::ok || client->satisfied());
        if (step.outcome.kind == Kind::ok) who = step.outcome.principal.address.str();
        return step.outcome.kind;
      }
      auto answer = client->respond(*step.challenge);
      EXPECT_TRUE(answer);
      response = answer ? *answer : std::string();
    }
  }

  SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  directory::Town<SimExecutor> town{executor, *store};
  AccountId ann;
  Said said;
  net::TlsInfo tls;
  std::unique_ptr<Logins> logins;
  std::string who;
};

TEST_F(LoginsTest, APasswordIsRightOrWrong) {
  EXPECT_EQ(login("ann@example.org", "correct horse"), Kind::ok);
  EXPECT_EQ(said.last["account"], "ann@example.org");
  EXPECT_EQ(said.last["service"], "pop3");
  EXPECT_EQ(said.last["peer"], "192.0.2.7");
  EXPECT_EQ(said.last["session"], "s1");
  EXPECT_EQ(login("ann", "wrong horse"), Kind::wrong);
  EXPECT_EQ(login("nobody", "wrong horse"), Kind::wrong);
  EXPECT_EQ(login("carl", "battery staple"), Kind::wrong);
  EXPECT_EQ(login("", "x"), Kind::wrong);
  EXPECT_EQ(said.said, (std::vector<std::string>{"accepted", "refused wrong", "refused wrong",
                                                 "refused disabled", "refused wrong"}));
}

TEST_F(LoginsTest, EveryMechanismKnowsWhoKnowsThePassword) {
  tls.exporter = "exporter";
  for (const auto& known : wire::sasl::kMechanisms) {
    who.clear();
    EXPECT_EQ(sasl(known.mechanism, "ann", "correct horse"), Kind::ok) << known.name;
    EXPECT_EQ(who, "ann@example.org");
    EXPECT_EQ(sasl(known.mechanism, "ann", "correct horse", "", false), Kind::ok) << known.name;
    EXPECT_EQ(sasl(known.mechanism, "ann", "wrong horse"), Kind::wrong) << known.name;
    EXPECT_EQ(sasl(known.mechanism, "nobody", "correct horse"), Kind::wrong) << known.name;
    EXPECT_EQ(sasl(known.mechanism, "carl", "battery staple"), Kind::wrong) << known.name;
    EXPECT_EQ(said.last["mechanism"], known.name);
  }
}

TEST_F(LoginsTest, NobodyActsAsSomebodyElse) {  // RFC 4422 §3.4.1
  town.add_account("bob@example.org", "another horse");
  for (Mechanism m : {Mechanism::plain, Mechanism::scram_sha_256}) {
    EXPECT_EQ(sasl(m, "ann", "correct horse", "ann"), Kind::ok);
    EXPECT_EQ(sasl(m, "ann", "correct horse", "ANN@example.org"), Kind::ok);
    EXPECT_EQ(sasl(m, "ann", "correct horse", "bob@example.org"), Kind::wrong);
    EXPECT_EQ(said.said.back(), "refused identity");
    EXPECT_EQ(sasl(m, "ann", "correct horse", "nobody"), Kind::wrong);
  }
}

TEST_F(LoginsTest, NothingIsOfferedOrTakenWhereOthersCouldListen) {
  EXPECT_TRUE(logins->mechanisms(place("192.0.2.7", false)).empty());
  EXPECT_FALSE(logins->passwords(place("192.0.2.7", false)));
  EXPECT_EQ(
      await(executor, logins->password(place("192.0.2.7", false), "ann", "correct horse")).kind,
      Kind::insecure);
  Kind why{};
  EXPECT_EQ(logins->begin(place("192.0.2.7", false), "PLAIN", why), nullptr);
  EXPECT_EQ(why, Kind::insecure);
  EXPECT_EQ(logins->begin(place("192.0.2.7", false), "SCRAM-SHA-256", why), nullptr);
  EXPECT_EQ(why, Kind::insecure);
  EXPECT_EQ(logins->begin(place(), "CRAM-MD5", why), nullptr);
  EXPECT_EQ(why, Kind::no_mechanism);
  EXPECT_EQ(logins->begin(place(), "SCRAM-SHA-256-PLUS", why), nullptr);
  EXPECT_EQ(why, Kind::no_mechanism);
}

TEST_F(LoginsTest, PlusIsOfferedWithAChannelBinding) {
  using Names = std::vector<std::string_view>;
  EXPECT_EQ(logins->mechanisms(place()), (Names{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"}));
  tls.exporter = "exporter";
  EXPECT_EQ(logins->mechanisms(place()),
            (Names{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1",
                   "PLAIN", "LOGIN"}));
}

// RFC 4954 §9 asks for a pause. Known or not, the answer comes at the same instant.
TEST_F(LoginsTest, EveryNoTakesTheSameTime) {
  open({.account_failures_max = 1000, .address_failures_max = 1000});
  tls.exporter = "exporter";
  auto time = [&](auto ask) {
    Instant begun = executor.now();
    ask();
    return executor.now() - begun;
  };
  for (std::string user : {"ann", "nobody", "carl", "@", "x@far.example"}) {
    EXPECT_EQ(time([&] { EXPECT_EQ(login(user, "wrong horse"), Kind::wrong); }), 2000ms) << user;
    for (const auto& known : wire::sasl::kMechanisms) {
      const auto wanted = known.clear ? 2000ms : 2020ms;
      EXPECT_EQ(time([&] { EXPECT_EQ(sasl(known.mechanism, user, "wrong"), Kind::wrong); }), wanted)
          << user << " " << known.name;
    }
  }
  EXPECT_EQ(time([&] { EXPECT_EQ(login("carl", "battery staple"), Kind::wrong); }), 2000ms);
  EXPECT_LT(time([&] { EXPECT_EQ(login("ann", "correct horse"), Kind::ok); }), 1000ms);
}

TEST_F(LoginsTest, AnAccountIsRefusedAfterTooManyFailuresByAnySpelling) {
  open({.account_failures_max = 3, .failure_window = 60s});
  EXPECT_EQ(login("ann", "x1", "192.0.2.1"), Kind::wrong);
  EXPECT_EQ(login("ANN@example.org", "x2", "192.0.2.2"), Kind::wrong);
  EXPECT_EQ(login("\"ann\"@EXAMPLE.org", "x3", "192.0.2.3"), Kind::wrong);
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.4"), Kind::throttled);
  EXPECT_EQ(sasl(Mechanism::scram_sha_256, "ann", "correct horse"), Kind::throttled);
  EXPECT_EQ(said.said.back(), "refused throttled");
  // The same for who does not exist.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(login("nobody", "x", "192.0.2.5"), Kind::wrong);
  EXPECT_EQ(login("nobody", "x", "192.0.2.6"), Kind::throttled);
  await(executor, runtime::sleep_for(60s));
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.4"), Kind::ok);
}

TEST_F(LoginsTest, AnAdministratorForgivesAnAccountItsWrongPasswords) {
  open({.account_failures_max = 2, .failure_window = 60s});
  Address address = *Address::parse("ANN@example.org");
  EXPECT_EQ(*await(executor, logins->refused_until(address)), std::nullopt);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(login("ann", "x", "192.0.2.1"), Kind::wrong);
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.4"), Kind::throttled);
  EXPECT_GT(*await(executor, logins->refused_until(address)), executor.wall());
  EXPECT_TRUE(await(executor, logins->forgive(address)));
  EXPECT_EQ(*await(executor, logins->refused_until(address)), std::nullopt);
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.4"), Kind::ok);
}

TEST_F(LoginsTest, AnOwnerWhoIsKnownWhereSheIsIsNotLockedOutByStrangers) {
  open({.account_failures_max = 3});
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.1"), Kind::ok);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(login("ann", "x", "203.0.113.9"), Kind::wrong);
  EXPECT_EQ(login("ann", "correct horse", "203.0.113.9"), Kind::throttled);
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.1"), Kind::ok);
}

TEST_F(LoginsTest, AnOwnerWhoPollsKeepsNoAttackAlive) {
  open({.account_failures_max = 3});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(login("ann", "correct horse", "192.0.2.1"), Kind::ok);
    EXPECT_EQ(login("ann", "x", "203.0.113." + std::to_string(i + 1)), Kind::wrong);
  }
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.1"), Kind::ok);
  EXPECT_EQ(login("ann", "x", "203.0.113.9"), Kind::throttled);
}

TEST_F(LoginsTest, GuessesAtOnceFromEverywhereAreNoMoreThanThoseOneByOne) {
  open({.account_failures_max = 5});
  std::vector<LoginOutcome> outcomes;
  auto all = [&]() -> Task<> {
    runtime::Nursery nursery(executor);
    auto guess = [&](int i) -> Task<> {
      LoginOutcome outcome =
          co_await logins->password(place("203.0.113." + std::to_string(i)), "ann", "guess");
      outcomes.push_back(std::move(outcome));
    };
    for (int i = 1; i <= 150; ++i) nursery.spawn(guess(i));
    co_await nursery.join();
  };
  executor.run_task(all());
  EXPECT_EQ(std::ranges::count(outcomes, Kind::wrong, &LoginOutcome::kind), 5);
  EXPECT_EQ(std::ranges::count(outcomes, Kind::throttled, &LoginOutcome::kind), 145);
}

TEST_F(LoginsTest, AnAddressIsRefusedAfterTooManyFailuresAndItsNeighboursIfTheyAreOneHost) {
  open({.address_failures_max = 2});
  EXPECT_EQ(login("a", "x", "2001:db8::1"), Kind::wrong);
  EXPECT_EQ(login("b", "x", "2001:db8::2"), Kind::wrong);
  EXPECT_EQ(login("ann", "correct horse", "2001:db8::3"), Kind::throttled);  // the same /64
  EXPECT_EQ(login("ann", "correct horse", "2001:db8:0:1::3"), Kind::ok);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(login("nobody " + std::to_string(i), "x", "127.0.0.1"), Kind::wrong);
  EXPECT_EQ(login("ann", "correct horse", "127.0.0.1"), Kind::ok) << "the trusted are exempt";
}

TEST_F(LoginsTest, NewLimitsAndTrustedNetworksHoldForWhatWasCountedBefore) {
  open({.account_failures_max = 20, .address_failures_max = 2});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(login("nobody", "x", "192.0.2.1"), Kind::wrong);
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.1"), Kind::throttled);
  logins->configure({.account_failures_max = 20, .address_failures_max = 3}, Networks());
  EXPECT_EQ(login("ann", "x", "192.0.2.1"), Kind::wrong);
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.1"), Kind::throttled);
  logins->configure({.address_failures_max = 3},
                    Networks({*net::IpNetwork::parse("192.0.2.0/24")}));
  EXPECT_EQ(login("ann", "correct horse", "192.0.2.1"), Kind::ok);
  logins->configure({.account_failures_max = 1}, Networks());
  EXPECT_EQ(login("bob", "x", "198.51.100.1"), Kind::wrong);
  EXPECT_EQ(login("bob", "x", "198.51.100.2"), Kind::throttled);
}

TEST_F(LoginsTest, OverloadIsUnavailableAndCountsAsNoFailure) {
  directory::Limits poor = directory::cheap_limits();
  poor.hashings_waiting_max = 0;
  directory::Directory overloaded(*store, poor);
  Logins narrow(overloaded, said, {.account_failures_max = 1}, store.get());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(await(executor, narrow.password(place(), "ann", "correct horse")).kind,
              Kind::unavailable);
  }
  EXPECT_EQ(said.said.back(), "refused unavailable");
  EXPECT_EQ(login("ann", "correct horse"), Kind::ok);
}

TEST_F(LoginsTest, ABrokenExchangeIsMalformed) {
  auto ends = [&](std::string_view mechanism, std::vector<std::string> says) {
    Kind why{};
    auto exchange = logins->begin(place(), mechanism, why);
    EXPECT_TRUE(exchange);
    for (std::string& one : says) {
      auto step = await(executor, exchange->step(std::move(one)));
      if (!step.challenge) return step.outcome.kind;
    }
    return Kind::unavailable;
  };
  EXPECT_EQ(ends("PLAIN", {""}), Kind::malformed);
  EXPECT_EQ(ends("PLAIN", {"ann"}), Kind::malformed);
  EXPECT_EQ(ends("LOGIN", {"", ""}), Kind::malformed);
  EXPECT_EQ(ends("LOGIN", {"ann", ""}), Kind::malformed);
  EXPECT_EQ(ends("SCRAM-SHA-256", {"n,,n=ann"}), Kind::malformed);
  EXPECT_EQ(ends("SCRAM-SHA-256", {"n,,n=ann,r=x", "c=biws,r=x"}), Kind::malformed);
  EXPECT_EQ(ends("SCRAM-SHA-256", {"p=tls-exporter,,n=ann,r=x"}), Kind::wrong);
  EXPECT_EQ(ends("SCRAM-SHA-256", {"n,,n=ann,r=x", "c=biws,r=y,p=QUJD"}), Kind::wrong);
}

TEST_F(LoginsTest, AnExchangeThatIsGivenUpCountsAsNoFailure) {
  open({.account_failures_max = 1});
  for (int i = 0; i < 20; ++i) {
    Kind why{};
    auto exchange = logins->begin(place(), "SCRAM-SHA-256", why);
    EXPECT_TRUE(await(executor, exchange->step("n,,n=ann,r=x")).challenge);
  }
  EXPECT_EQ(login("ann", "correct horse"), Kind::ok);
}

}  // namespace
}  // namespace posta::server
