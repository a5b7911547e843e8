// plain.h: the message of PLAIN (RFC 4616 §2), and the prompts of LOGIN.
//
//   message   = [authzid] UTF8NUL authcid UTF8NUL passwd
//   authcid   = 1*SAFE ; MUST accept up to 255 octets
//   authzid   = 1*SAFE ; MUST accept up to 255 octets
//   passwd    = 1*SAFE ; MUST accept up to 255 octets
//   SAFE      = UTF1 / UTF2 / UTF3 / UTF4     ;; any UTF-8 encoded Unicode character except NUL
//
// INTEROP: octets that are no UTF-8 are taken in passwords: old clients send ISO 8859-1, and the
// comparison says what they are worth.
//
// LOGIN: two challenges, two responses: the name, the password. Some clients look for these words.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace posta::wire::sasl {

// What PLAIN and LOGIN carry.
struct Plain {
  std::string authzid;  // whom to act as; empty: who authcid is
  std::string authcid;  // who
  std::string password;
  friend bool operator==(const Plain&, const Plain&) = default;
};

inline constexpr std::size_t kNameOctetsMax = 1024;      // of authcid and authzid
inline constexpr std::size_t kPasswordOctetsMax = 4096;  // what a client may send; more: syntax

Result<Plain> parse_plain(std::string_view message);
std::string print(const Plain& message);

inline constexpr std::string_view kLoginUser = "Username:";
inline constexpr std::string_view kLoginPassword = "Password:";

// A name or password by LOGIN: the same octets as in PLAIN.
Result<std::string> parse_login_name(std::string_view response);
Result<std::string> parse_login_password(std::string_view response);

}  // namespace posta::wire::sasl
