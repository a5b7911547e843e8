// reply.h: how a command ends: the tagged response (RFC 3501 §7.1).
//
//   response-tagged = tag SP ("OK" / "NO" / "BAD") SP ["[" resp-text-code "]" SP] text CRLF
#pragma once

#include <string>
#include <string_view>

namespace posta::server::imap {

struct Reply {
  enum class Kind { ok, no, bad, later };
  Kind kind = Kind::ok;
  std::string code;  // without brackets; empty: none
  std::string text;

  static Reply ok(std::string_view text, std::string_view code = {}) {
    return {Kind::ok, std::string(code), std::string(text)};
  }
  static Reply no(std::string_view text, std::string_view code = {}) {
    return {Kind::no, std::string(code), std::string(text)};
  }
  static Reply bad(std::string_view text, std::string_view code = {}) {
    return {Kind::bad, std::string(code), std::string(text)};
  }
  // Nothing is said now: IDLE ends with DONE, and a session that said BYE says no more.
  static Reply later() { return {Kind::later, {}, {}}; }
};

// Response codes that several commands use (RFC 3501 §7.1, RFC 5530 §3, RFC 4469 §4, RFC 9208
// §4.3).
namespace code {
inline constexpr std::string_view kUnavailable = "UNAVAILABLE";
inline constexpr std::string_view kTryCreate = "TRYCREATE";
inline constexpr std::string_view kNonExistent = "NONEXISTENT";
inline constexpr std::string_view kAlreadyExists = "ALREADYEXISTS";
inline constexpr std::string_view kCannot = "CANNOT";
inline constexpr std::string_view kLimit = "LIMIT";
inline constexpr std::string_view kOverQuota = "OVERQUOTA";
inline constexpr std::string_view kNoPerm = "NOPERM";
inline constexpr std::string_view kClientBug = "CLIENTBUG";
inline constexpr std::string_view kReadOnly = "READ-ONLY";
inline constexpr std::string_view kTooBig = "TOOBIG";
inline constexpr std::string_view kServerBug = "SERVERBUG";
}  // namespace code

}  // namespace posta::server::imap
