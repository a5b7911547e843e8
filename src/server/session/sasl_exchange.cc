// sasl_exchange.cc: SASL exchanges, server side (RFC 4422 §3): the messages are wire/sasl's, the
// truth is the directory's, and this is what joins them.
#include "base/codec.h"
#include "runtime/sleep.h"
#include "server/session/login.h"
#include "server/session/login_inside.h"
#include "wire/sasl/mechanism.h"
#include "wire/sasl/plain.h"
#include "wire/sasl/scram_server.h"

namespace posta::server {

namespace {

using wire::sasl::Mechanism;

// From the beginning of a SCRAM exchange to the challenge: longer than a cold read of keys.
constexpr std::chrono::milliseconds kChallengePause{20};

SaslExchange::Step challenge(std::string text) {
  return {std::move(text), {}};
}
SaslExchange::Step end(LoginOutcome outcome) {
  return {std::nullopt, std::move(outcome)};
}

// RFC 4616: one message. Without an initial response an empty challenge asks for it (RFC 4422 §5).
class PlainExchange final : public SaslExchange {
 public:
  PlainExchange(Logins::Impl& logins, LoginPlace place)
      : logins_(logins), place_(std::move(place)) {}

  Task<Step> step(std::optional<std::string> response) override {
    if (!response && !std::exchange(asked_, true)) co_return challenge("");
    auto plain = wire::sasl::parse_plain(response.value_or(""));
    if (!plain) co_return end(logins_.malformed(place_, "", "PLAIN"));
    co_return end(co_await logins_.check(place_, std::move(plain->authcid),
                                         std::move(plain->password), std::move(plain->authzid),
                                         "PLAIN"));
  }

 private:
  Logins::Impl& logins_;
  LoginPlace place_;
  bool asked_ = false;
};

// Two prompts. INTEROP: the name may come with the command, as many clients send it, although a
// mechanism in which the server begins has no initial response (RFC 4954 §4).
class LoginExchange final : public SaslExchange {
 public:
  LoginExchange(Logins::Impl& logins, LoginPlace place)
      : logins_(logins), place_(std::move(place)) {}

  Task<Step> step(std::optional<std::string> response) override {
    if (!response && !std::exchange(asked_, true))
      co_return challenge(std::string(wire::sasl::kLoginUser));
    if (user_.empty()) {
      auto user = wire::sasl::parse_login_name(response.value_or(""));
      if (!user) co_return end(logins_.malformed(place_, "", "LOGIN"));
      user_ = *std::move(user);
      co_return challenge(std::string(wire::sasl::kLoginPassword));
    }
    auto password = wire::sasl::parse_login_password(response.value_or(""));
    if (!password) co_return end(logins_.malformed(place_, user_, "LOGIN"));
    co_return end(
        co_await logins_.check(place_, std::move(user_), *std::move(password), {}, "LOGIN"));
  }

 private:
  Logins::Impl& logins_;
  LoginPlace place_;
  bool asked_ = false;
  std::string user_;
};

// RFC 5802. The server's last word ("v=...") goes as a challenge, and an empty response ends the
// exchange: that is what protocols do that cannot carry data with their "yes" (RFC 4422 §3.6 b).
class ScramExchange final : public SaslExchange {
 public:
  ScramExchange(Logins::Impl& logins, LoginPlace place, Mechanism mechanism)
      : logins_(logins), place_(std::move(place)), info_(wire::sasl::info(mechanism)) {}

  Task<Step> step(std::optional<std::string> response) override {
    switch (stage_) {
      case Stage::begun:
        if (!response && !std::exchange(asked_, true)) co_return challenge("");
        co_return co_await first(response.value_or(""));
      case Stage::challenged: co_return co_await last(response.value_or(""));
      case Stage::proved:
        if (response && !response->empty()) co_return end(malformed());
        co_return end(std::move(outcome_));
    }
    co_return end(malformed());
  }

 private:
  enum class Stage : std::uint8_t { begun, challenged, proved };

  LoginOutcome malformed() {
    return logins_.malformed(place_, server_ ? server_->user() : "", info_.name);
  }

  Task<Step> first(std::string response) {
    runtime::Executor& executor = co_await runtime::this_executor();
    std::array<unsigned char, 18> random;
    executor.fill_random(random);
    auto bindings = bindings_of(place_);
    const bool bound = bindings.any();
    server_.emplace(wire::sasl::ScramServer::Settings{
        info_.mechanism, std::move(bindings), bound,
        base64_encode({reinterpret_cast<const char*>(random.data()), random.size()})});
    Result<> taken = server_->take_first(response);
    if (!taken && taken.error().is(Error::Kind::syntax)) co_return end(malformed());
    LoginOutcome outcome;
    attempt_ = co_await logins_.begin(place_, server_->user(), info_.name, outcome);
    if (!attempt_) co_return end(std::move(outcome));
    // Another channel than the client's is refused as a wrong password is.
    if (!taken) co_return end(co_await conclude(directory::Authenticated{}));
    auto known = co_await logins_.directory.scram(server_->user(), info_.hash, place_.scope);
    if (!known) co_return end(co_await conclude(Failure(std::move(known).error())));
    // Keys of who exists may have to be read from the disk: the challenge comes when either is
    // done.
    co_await runtime::sleep_until(attempt_->begun + kChallengePause);
    known_ = *std::move(known);
    stage_ = Stage::challenged;
    co_return challenge(server_->challenge(known_.salt, known_.iterations));
  }

  Task<Step> last(std::string response) {
    // What the client thought about its answer is not ours.
    runtime::Executor& executor = co_await runtime::this_executor();
    attempt_->begun = executor.now();
    Result<> taken = server_->take_final(response);
    if (!taken && taken.error().is(Error::Kind::syntax)) co_return end(malformed());
    if (!taken) co_return end(co_await conclude(directory::Authenticated{}));
    for (std::size_t i = 0; i < known_.keys.size(); ++i) {
      if (!server_->proves(known_.keys[i].keys)) continue;
      std::string verdict = server_->verdict(known_.keys[i].keys);
      outcome_ = co_await conclude(co_await logins_.directory.scram_proved(std::move(known_), i));
      if (outcome_.kind != LoginOutcome::Kind::ok) co_return end(std::move(outcome_));
      stage_ = Stage::proved;
      co_return challenge(std::move(verdict));
    }
    co_return end(co_await conclude(directory::Authenticated{}));
  }

  Task<LoginOutcome> conclude(Result<directory::Authenticated> answer) {
    LoginAttempt attempt = *std::move(attempt_);
    attempt_.reset();
    return logins_.conclude(place_, std::move(attempt), std::move(answer), server_->user(),
                            server_->authzid(), info_.name);
  }

  Logins::Impl& logins_;
  LoginPlace place_;
  const wire::sasl::MechanismInfo& info_;
  std::optional<wire::sasl::ScramServer> server_;
  Stage stage_ = Stage::begun;
  bool asked_ = false;
  std::optional<LoginAttempt> attempt_;
  directory::ScramLogin known_;
  LoginOutcome outcome_;
};

}  // namespace

std::unique_ptr<SaslExchange> Logins::begin(LoginPlace place, std::string_view name,
                                            LoginOutcome::Kind& why_not) {
  using Kind = LoginOutcome::Kind;
  auto mechanism = wire::sasl::parse_mechanism(name);
  const bool bound = bindings_of(place).any();
  if (!mechanism || (wire::sasl::info(*mechanism).binding && !bound && place.secure)) {
    why_not = impl_->refuse(place, Kind::no_mechanism, "", name, "mechanism").kind;
    return nullptr;
  }
  if (!place.secure) {
    why_not = impl_->refuse(place, Kind::insecure, "", name, "insecure").kind;
    return nullptr;
  }
  switch (*mechanism) {
    case Mechanism::plain: return std::make_unique<PlainExchange>(*impl_, std::move(place));
    case Mechanism::login: return std::make_unique<LoginExchange>(*impl_, std::move(place));
    default: break;
  }
  return std::make_unique<ScramExchange>(*impl_, std::move(place), *mechanism);
}

}  // namespace posta::server
