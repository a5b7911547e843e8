#include "server/session/login.h"

#include "base/text.h"
#include "runtime/sleep.h"
#include "server/session/login_events.h"
#include "server/session/login_inside.h"
#include "wire/sasl/mechanism.h"

namespace posta::server {

namespace {

constexpr std::size_t kUserShownMax = 120;  // octets of a name in an event

// IPv6 hosts choose their last 64 bits as they like.
std::string address_key(const net::IpAddress& ip) {
  const auto& octets = ip.octets();
  std::size_t count = ip.is_v6() ? 8 : 4;
  return std::string(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(count));
}

// Each attempt under way counts: a guess may come from anywhere.
Throttle::Limits account_limits(const Logins::Limits& l) {
  return {l.account_failures_max, l.failure_window, l.entries_max, 1};
}

// Behind one address may be a house full of people, whose clients all come when we start anew.
Throttle::Limits address_limits(const Logins::Limits& l) {
  return {l.address_failures_max, l.failure_window, l.entries_max, 10};
}

}  // namespace

wire::sasl::Bindings bindings_of(const LoginPlace& place) {
  if (!place.tls) return {};
  return {place.tls->exporter, place.tls->server_end_point};
}

// --- who is known where

void Familiar::add(std::string pair) {
  std::lock_guard lock(mutex_);
  auto found = pairs_.find(pair);
  if (found != pairs_.end()) {
    order_.splice(order_.begin(), order_, found->second);
    return;
  }
  if (pairs_.size() >= pairs_max_ && !order_.empty()) {
    pairs_.erase(order_.back());
    order_.pop_back();
  }
  order_.push_front(pair);
  pairs_.emplace(std::move(pair), order_.begin());
}

bool Familiar::has(const std::string& pair) const {
  std::lock_guard lock(mutex_);
  return pairs_.contains(pair);
}

// --- logins

Logins::Impl::Impl(directory::Directory& d, Events& e, Limits l, store::Store* store, Networks t)
    : directory(d),
      events(e),
      limits(l),
      trusted(std::make_shared<const Networks>(std::move(t))),
      accounts('a', account_limits(l), store),
      addresses('p', address_limits(l), store),
      familiar(l.entries_max) {}

LoginOutcome Logins::Impl::refuse(const LoginPlace& place, LoginOutcome::Kind kind,
                                  std::string_view user, std::string_view mechanism,
                                  std::string_view why) {
  events.emit({event::kLoginRefused,
               {{"session", place.session},
                {"service", place.service},
                {"peer", place.peer.str()},
                {"user", printable(user.substr(0, kUserShownMax))},
                {"mechanism", mechanism},
                {"why", why}},
               Severity::warning});
  return {kind, {}};
}

LoginOutcome Logins::Impl::malformed(const LoginPlace& place, std::string_view user,
                                     std::string_view mechanism) {
  return refuse(place, LoginOutcome::Kind::malformed, user, mechanism, "malformed");
}

Task<std::optional<LoginAttempt>> Logins::Impl::begin(const LoginPlace& place, std::string user,
                                                      std::string_view mechanism,
                                                      LoginOutcome& outcome) {
  using Kind = LoginOutcome::Kind;
  runtime::Executor& executor = co_await runtime::this_executor();
  const WallTime now = executor.wall();
  const Instant begun = executor.now();
  auto unavailable = [&] {
    outcome = refuse(place, Kind::unavailable, user, mechanism, "unavailable");
  };
  auto name = co_await directory.login_name(user);
  if (!name) {
    unavailable();
    co_return std::nullopt;
  }
  std::string peer = address_key(place.peer);
  std::string pair = *name + '\0' + peer;
  // The address first: who floods us with names makes no entries of them beyond its own limit.
  auto address = trusted.load()->contain(place.peer)
                     ? Result<std::optional<Throttle::Attempt>>(addresses.begin_exempt(peer))
                     : co_await addresses.begin(peer, now);
  if (!address) {
    unavailable();
    co_return std::nullopt;
  }
  auto account = Result<std::optional<Throttle::Attempt>>(std::nullopt);
  if (*address) {
    account = familiar.has(pair)
                  ? Result<std::optional<Throttle::Attempt>>(accounts.begin_exempt(*name))
                  : co_await accounts.begin(*name, now);
    if (!account) {
      unavailable();
      co_return std::nullopt;
    }
  }
  if (!*address || !*account) {
    outcome = refuse(place, Kind::throttled, user, mechanism, "throttled");
    co_await runtime::sleep_until(begun + limits.failure_pause);
    co_return std::nullopt;
  }
  co_return LoginAttempt(*std::move(*account), *std::move(*address), std::move(pair), begun);
}

// RFC 4422 §3.4.1: the authorization identity; here nobody may act as somebody else.
Task<bool> Logins::Impl::may_act_as(const Principal& principal, std::string authzid,
                                    std::string user) {
  if (authzid.empty() || authzid == user) co_return true;
  auto asked = co_await directory.login_name(std::move(authzid));
  auto own = co_await directory.login_name(principal.address.str());
  co_return asked&& own && *asked == *own;
}

Task<LoginOutcome> Logins::Impl::conclude(LoginPlace place, LoginAttempt attempt,
                                          Result<directory::Authenticated> answer, std::string user,
                                          std::string authzid, std::string_view mechanism) {
  using Kind = LoginOutcome::Kind;
  runtime::Executor& executor = co_await runtime::this_executor();
  if (!answer) co_return refuse(place, Kind::unavailable, user, mechanism, "unavailable");
  std::string_view why = answer->outcome == directory::Login::disabled ? "disabled" : "wrong";
  if (answer->outcome == directory::Login::ok) {
    if (co_await may_act_as(answer->principal, std::move(authzid), user)) {
      attempt.account.succeeded(address_key(place.peer));
      familiar.add(std::move(attempt.pair));
      events.emit({event::kLoginAccepted,
                   {{"session", place.session},
                    {"service", place.service},
                    {"peer", place.peer.str()},
                    {"user", printable(user.substr(0, kUserShownMax))},
                    {"mechanism", mechanism},
                    {"account", answer->principal.address.str()},
                    {"app_password", answer->app_password}}});
      co_return LoginOutcome{Kind::ok, std::move(answer->principal)};
    }
    why = "identity";
  }
  attempt.account.failed(executor.wall(), address_key(place.peer));
  attempt.address.failed(executor.wall());
  // Counted from the beginning, so that the work that went before tells nothing.
  co_await runtime::sleep_until(attempt.begun + limits.failure_pause);
  co_return refuse(place, Kind::wrong, user, mechanism, why);
}

Task<LoginOutcome> Logins::Impl::check(LoginPlace place, std::string user, std::string password,
                                       std::string authzid, std::string_view mechanism) {
  LoginOutcome outcome;
  auto attempt = co_await begin(place, user, mechanism, outcome);
  if (!attempt) co_return outcome;
  auto answer = co_await directory.authenticate(user, std::move(password), place.scope);
  co_return co_await conclude(std::move(place), *std::move(attempt), std::move(answer),
                              std::move(user), std::move(authzid), mechanism);
}

Logins::Logins(directory::Directory& directory, Events& events, Limits limits, store::Store* store,
               Networks trusted)
    : impl_(std::make_unique<Impl>(directory, events, limits, store, std::move(trusted))) {}

Logins::~Logins() = default;

void Logins::configure(const Limits& limits, Networks trusted) {
  impl_->accounts.set_limits(account_limits(limits));
  impl_->addresses.set_limits(address_limits(limits));
  impl_->trusted = std::make_shared<const Networks>(std::move(trusted));
}

const Logins::Limits& Logins::limits() const {
  return impl_->limits;
}

std::vector<std::string_view> Logins::mechanisms(const LoginPlace& place) const {
  std::vector<std::string_view> out;
  if (!place.secure) return out;
  const bool bound = bindings_of(place).any();
  for (const auto& known : wire::sasl::kMechanisms)
    if (!known.binding || bound) out.push_back(known.name);
  return out;
}

Task<directory::Standing> Logins::standing(AccountId account, Credential credential) {
  auto known = co_await impl_->directory.standing(account, credential);
  co_return known.value_or(directory::Standing::good);
}

std::string_view farewell(directory::Standing standing) {
  if (standing == directory::Standing::revoked)
    return "The password of this session is no longer good, log in again";
  return "This account has been switched off";
}

Task<Result<std::optional<WallTime>>> Logins::refused_until(Address account) {
  runtime::Executor& executor = co_await runtime::this_executor();
  CO_TRY(auto name, co_await impl_->directory.login_name(account.str()));
  co_return co_await impl_->accounts.refused_until(std::move(name), executor.wall());
}

Task<Result<>> Logins::forgive(Address account) {
  CO_TRY(auto name, co_await impl_->directory.login_name(account.str()));
  co_return co_await impl_->accounts.forgive(std::move(name));
}

Task<LoginOutcome> Logins::password(LoginPlace place, std::string user, std::string password) {
  if (!passwords(place))
    co_return impl_->refuse(place, LoginOutcome::Kind::insecure, user, "password", "insecure");
  co_return co_await impl_->check(std::move(place), std::move(user), std::move(password), {},
                                  "password");
}

}  // namespace posta::server
