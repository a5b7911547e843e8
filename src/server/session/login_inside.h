// login_inside.h: what Logins are made of.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "server/session/login.h"
#include "server/session/throttle.h"
#include "wire/sasl/mechanism.h"

namespace posta::server {

// Pairs of account and address that have logged in lately, bounded: who is known there is not
// locked out by strangers who guess.
class Familiar {
 public:
  explicit Familiar(std::size_t pairs_max) : pairs_max_(pairs_max) {}
  void add(std::string pair);
  bool has(const std::string& pair) const;

 private:
  const std::size_t pairs_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::list<std::string>::iterator> pairs_;  // under mutex_
  std::list<std::string> order_;  // under mutex_; the latest first
};

// One login from its first word to what came of it.
class LoginAttempt {
 public:
  LoginAttempt(Throttle::Attempt account, Throttle::Attempt address, std::string pair,
               Instant begun)
      : account(std::move(account)),
        address(std::move(address)),
        pair(std::move(pair)),
        begun(begun) {}
  Throttle::Attempt account;
  Throttle::Attempt address;
  std::string pair;
  Instant begun;
};

struct Logins::Impl {
  Impl(directory::Directory& d, Events& e, Limits l, store::Store* store, Networks t);

  // May it be tried? Nothing: it was refused, and the refusal is in `outcome`.
  Task<std::optional<LoginAttempt>> begin(const LoginPlace& place, std::string user,
                                          std::string_view mechanism, LoginOutcome& outcome);
  Task<LoginOutcome> check(LoginPlace place, std::string user, std::string password,
                           std::string authzid, std::string_view mechanism);
  // What the directory said becomes what the server says, after the pause if it is "wrong".
  Task<LoginOutcome> conclude(LoginPlace place, LoginAttempt attempt,
                              Result<directory::Authenticated> answer, std::string user,
                              std::string authzid, std::string_view mechanism);
  Task<bool> may_act_as(const Principal& principal, std::string authzid, std::string user);
  // What the client sent is no exchange.
  LoginOutcome malformed(const LoginPlace& place, std::string_view user,
                         std::string_view mechanism);
  LoginOutcome refuse(const LoginPlace& place, LoginOutcome::Kind kind, std::string_view user,
                      std::string_view mechanism, std::string_view why);

  directory::Directory& directory;
  Events& events;
  const Limits limits;  // as at the start: those of failures stand in the throttles
  std::atomic<std::shared_ptr<const Networks>> trusted;
  Throttle accounts;
  Throttle addresses;
  Familiar familiar;
};

wire::sasl::Bindings bindings_of(const LoginPlace& place);

}  // namespace posta::server
