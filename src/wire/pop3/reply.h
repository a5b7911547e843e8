// reply.h: what a POP3 server says.
//
//   single-line = status [SP text] CRLF            ;512 octets maximum     RFC 2449 §3
//   status      = "+OK" / "-ERR"
//   text        = *schar / resp-code *CHAR
//   resp-code   = "[" resp-level *("/" resp-level) "]"
#pragma once

#include <string>
#include <string_view>

namespace posta::wire::pop3 {

// Response codes. Announced by RESP-CODES (RFC 2449 §6.4) and AUTH-RESP-CODE (RFC 3206 §6).
enum class Code {
  none,
  in_use,       // [IN-USE] another session holds the maildrop, RFC 2449 §8.1.2
  login_delay,  // [LOGIN-DELAY] too soon after the last login, §8.1.1
  sys_temp,     // [SYS/TEMP] not the user's fault, try again, RFC 3206 §4
  sys_perm,     // [SYS/PERM] not the user's fault, call the administrator, RFC 3206 §4
  auth,         // [AUTH] wrong credentials, RFC 3206 §5
  utf8,         // [UTF8] this wants the UTF8 command first, RFC 6856 §5
};

std::string_view to_string(Code code);  // "IN-USE"

struct Reply {
  bool ok = true;
  Code code = Code::none;
  std::string text;  // one line, without status and code

  static Reply yes(std::string text) { return {true, Code::none, std::move(text)}; }
  static Reply no(std::string text, Code code = Code::none) {
    return {false, code, std::move(text)};
  }
  friend bool operator==(const Reply&, const Reply&) = default;
};

// Appends the reply with its CRLF. The text is made safe: control octets become '?', tabs blanks,
// UTF-8 is kept (RFC 6856 §3.1 wants it for languages; well-formed or '?'), and the line is cut at
// kReplyLineOctetsMax. A text without code never begins with '[', so that it is not read as one.
void print_reply(std::string& out, const Reply& reply);
std::string to_octets(const Reply& reply);

// "+ " base64(challenge) CRLF: AUTH goes on (RFC 5034 §4).
void print_challenge(std::string& out, std::string_view challenge);

// ".\r\n": ends LIST, UIDL, CAPA, LANG and AUTH listings (RFC 1939 §3). Lines that begin with a dot
// do not occur there; messages go through MultilineEncoder.
inline constexpr std::string_view kEndOfList = ".\r\n";

}  // namespace posta::wire::pop3
