// credentials.h: what a login is checked against, as values.
//
// An account has at most one password of its own and any number of app passwords: generated ones,
// each with a name and the services that it is good for. SCRAM (RFC 5802) tells a client one salt
// before it says what it knows, so all of them share the account's salt, and a proof is tried
// against every key in scope.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mail/address.h"
#include "mail/ids.h"
#include "mail/principal.h"
#include "mail/time.h"
#include "wire/sasl/scram.h"

namespace posta::directory {

// What a login wants to use; an app password is good for some of them.
enum class Scope : std::uint8_t { imap = 1, pop3 = 2, smtp = 4 };

class Scopes {
 public:
  constexpr Scopes() = default;
  static constexpr Scopes all() { return Scopes(7); }
  // Nothing: bits that are no scope, or none at all.
  static constexpr std::optional<Scopes> of(std::uint8_t bits) {
    if (bits == 0 || bits > 7) return std::nullopt;
    return Scopes(bits);
  }
  constexpr Scopes& add(Scope scope) {
    bits_ |= static_cast<std::uint8_t>(scope);
    return *this;
  }
  constexpr bool has(Scope scope) const { return (bits_ & static_cast<std::uint8_t>(scope)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint8_t bits() const { return bits_; }
  friend bool operator==(const Scopes&, const Scopes&) = default;

 private:
  constexpr explicit Scopes(std::uint8_t bits) : bits_(bits) {}
  std::uint8_t bits_ = 0;
};
std::string to_string(Scopes scopes);  // "imap,smtp"
std::optional<Scope> parse_scope(std::string_view name);

// What came of a login.
enum class Login { ok, wrong, disabled };
struct Authenticated {
  Login outcome = Login::wrong;
  Principal principal = {};        // if ok
  std::uint32_t app_password = 0;  // the number of the one that was used; 0: the account's own
};

// What has become of somebody who logged in.
enum class Standing {
  good,
  disabled,  // the account was switched off or removed
  revoked,   // the password was changed, or the app password removed
};

// What is shown of an app password.
struct AppPassword {
  std::uint32_t number = 0;
  std::string name;
  Scopes scopes;
  WallTime created;
  std::optional<WallTime> used;  // about: to the hour
};
struct NewAppPassword {
  std::string name;
  Scopes scopes = Scopes::all();
  std::string password;  // from generate_password()
};

// One side of a SCRAM exchange: the salt that the client is told, and the keys that its proof may
// fit. Without keys for who does not exist, which looks the same to the client.
struct ScramLogin {
  std::string salt;
  std::uint32_t iterations = 0;
  struct Key {
    wire::sasl::ScramKeys keys;
    Credential credential;
  };
  std::vector<Key> keys;
  Principal principal;  // but for the credential
  bool enabled = false;
};

// A sender that an account may use though it is not its own address: an address, or, without a
// local part, every address of a domain.
struct Grant {
  Address sender;
  std::string str() const { return sender.empty() ? "@" + sender.domain.str() : sender.str(); }
  friend bool operator==(const Grant&, const Grant&) = default;
};
// "ann@example.net" or "@example.net".
Result<Grant> parse_grant(std::string_view text);

}  // namespace posta::directory
