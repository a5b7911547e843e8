// login.h: proving who one is, the same for all servers: passwords, SASL, throttling.
//
//   SMTP AUTH, POP3 USER/PASS/AUTH, IMAP LOGIN/AUTHENTICATE
//        |
//      Logins ---- may this connection? --- throttle --- directory (Argon2id, SCRAM, app passwords)
//
// A server says only what LoginOutcome allows it to say: who has no account, a wrong password or a
// disabled account are one answer, after one pause (RFC 4954 §6, RFC 5530 §3).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/events.h"
#include "base/limits.h"
#include "directory/directory.h"
#include "mail/principal.h"
#include "net/tls.h"
#include "runtime/task.h"
#include "server/session/reception.h"

namespace posta::server {

using runtime::Task;

// The connection that somebody logs in on.
struct LoginPlace {
  std::string service;  // "imap", "pop3", "submission": in events
  directory::Scope scope = directory::Scope::imap;
  std::string session;
  net::IpAddress peer;
  // Octets that others could read must not carry passwords: TLS, loopback, or a network that the
  // administrator named.
  bool secure = false;
  const net::TlsInfo* tls = nullptr;  // for channel binding; null without TLS
};

struct LoginOutcome {
  enum class Kind {
    ok,
    wrong,        // SMTP 535 5.7.8, POP3 -ERR [AUTH], IMAP NO [AUTHENTICATIONFAILED]
    throttled,    // SMTP 454 4.7.0, POP3 -ERR [SYS/TEMP]?, IMAP NO [UNAVAILABLE]: too many failures
    unavailable,  // SMTP 454 4.7.0, POP3 -ERR [SYS/TEMP], IMAP NO [UNAVAILABLE]
    malformed,    // SMTP 501 5.5.2, POP3 -ERR, IMAP BAD: the exchange is broken
    insecure,     // SMTP 538 5.7.11, POP3 -ERR, IMAP NO [PRIVACYREQUIRED]
    no_mechanism,  // SMTP 504 5.5.4, POP3 -ERR, IMAP NO
  };
  Kind kind = Kind::wrong;
  Principal principal;  // if ok
};

// One SASL exchange, server side (RFC 4422 §3). base64 is the protocol's affair.
class SaslExchange {
 public:
  virtual ~SaslExchange() = default;
  struct Step {
    // A challenge to send; nothing: it is over, and `outcome` says how. Data that goes with success
    // (SCRAM's signature) is the last challenge, answered by an empty response.
    std::optional<std::string> challenge;
    LoginOutcome outcome;
  };
  // `response`: what the client sent; nothing: it sent no initial response.
  virtual Task<Step> step(std::optional<std::string> response) = 0;
};

// The last word to a session that may not go on.
std::string_view farewell(directory::Standing standing);

// Shared by all services and loops. Any thread.
class Logins {
 public:
  struct Limits {
    // Failures, by account and by address (IPv6: by /64), within a window that begins with the
    // first of them: from then on logins are refused until the window has passed. Exempt from the
    // account's limit is an address from which its owner has logged in lately, from the address'
    // limit whoever is trusted.
    std::size_t account_failures_max = 20;
    std::size_t address_failures_max = 60;
    std::chrono::seconds failure_window{600};
    // From the beginning of a login to the answer "wrong": longer than a hash takes, so that time
    // tells nothing.
    std::chrono::milliseconds failure_pause{2000};
    std::size_t entries_max = 100'000;     // addresses and accounts remembered
    std::size_t sasl_octets_max = 12'288;  // one response, base64 (RFC 4954 §4)
  };
  // `store`: where counts of failures survive a restart; null: nowhere. `trusted`: whose addresses
  // are never refused, whatever fails there.
  Logins(directory::Directory& directory, Events& events, Limits limits,
         store::Store* store = nullptr, Networks trusted = Networks::loopback());
  ~Logins();

  // What is announced on this connection, in order of preference: nothing unless it is secure (who
  // listens to SCRAM can guess at leisure, too), -PLUS only with a channel binding.
  std::vector<std::string_view> mechanisms(const LoginPlace& place) const;
  // True if USER/PASS and LOGIN may be used here.
  bool passwords(const LoginPlace& place) const { return place.secure; }

  // Waits the pause itself when the answer is "wrong". Emits the events of logins.
  Task<LoginOutcome> password(LoginPlace place, std::string user, std::string password);
  // Null: no such mechanism here (no_mechanism), or not on this connection (insecure).
  std::unique_ptr<SaslExchange> begin(LoginPlace place, std::string_view mechanism,
                                      LoginOutcome::Kind& why_not);

  // Whether a session may go on: not once the account has been switched off or removed, nor once
  // the password that it began with was changed or taken away. A store in trouble ends no session.
  Task<directory::Standing> standing(AccountId account, Credential credential);
  // Until when the logins of an account are refused because of wrong passwords; nothing: they are
  // not. (Who is known at the address she comes from gets in all the same.)
  Task<Result<std::optional<WallTime>>> refused_until(Address account);
  // The wrong passwords of an account are forgotten: an administrator has given a new one.
  Task<Result<>> forgive(Address account);

  const Limits& limits() const;
  // How many failures, within which window, and whom to trust, from now on; what else is in Limits
  // stays. Any thread.
  void configure(const Limits& limits, Networks trusted);

  struct Impl;  // login_inside.h

 private:
  std::unique_ptr<Impl> impl_;
};

inline constexpr LimitInfo kLoginLimits[] = {
    {"account_failures_max", "failures", "454 4.7.0, -ERR [SYS/TEMP], NO [UNAVAILABLE]", ""},
    {"address_failures_max", "failures", "454 4.7.0, -ERR [SYS/TEMP], NO [UNAVAILABLE]", ""},
    {"failure_window", "seconds", "failures are forgotten", ""},
    {"failure_pause", "milliseconds", "the answer waits", ""},
    {"entries_max", "names", "those that failed longest ago are forgotten", ""},
    {"sasl_octets_max", "octets", "500 5.5.6, -ERR, BAD", "RFC 4954 §4"},
};

}  // namespace posta::server
