// command.h: what a POP3 client may ask, from a line and back to one.
//
//   command  = keyword *(SP param) CRLF                                   RFC 2449 §3
//
//   USER name          PASS string         APOP name digest               RFC 1939 §7
//   STAT               LIST [msg]          RETR msg          DELE msg     §5
//   NOOP               RSET [msg]          QUIT
//   TOP msg n          UIDL [msg]                                         §7
//   CAPA                                                                  RFC 2449 §5
//   STLS                                                                  RFC 2595 §4
//   AUTH [mechanism [initial-response]]                                   RFC 5034 §4
//   UTF8               LANG [language-tag / "*"]                          RFC 6856 §2, §3
//   LAST                                                                  RFC 1460 §5 (dropped
//   since)
//
// Keywords in any letter case. INTEROP: several blanks between arguments and blanks at the end are
// tolerated, except in the argument of PASS, which is everything after the first blank, exactly
// (RFC 1939 §7: "may treat spaces in the argument as part of the password").
// RSET with a number is an extension: one message instead of all.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "wire/pop3/reply.h"

namespace posta::wire::pop3 {

// RFC 1939 §4: messages are numbered from 1 as the session found them. Never 0; the parser does not
// know how many there are.
using Number = std::uint32_t;

struct User {
  std::string name;  // everything after the blank, less blanks at the end; UTF-8 (RFC 6856 §2.2)
  friend bool operator==(const User&, const User&) = default;
};
struct Pass {
  std::string password;  // exactly as it came; may be empty
  friend bool operator==(const Pass&, const Pass&) = default;
};
struct Apop {
  std::string name;
  std::string digest;  // 16 octets, hex undone
  friend bool operator==(const Apop&, const Apop&) = default;
};
struct Stat {
  friend bool operator==(const Stat&, const Stat&) = default;
};
struct List {
  std::optional<Number> message;
  friend bool operator==(const List&, const List&) = default;
};
struct Retr {
  Number message = 0;
  friend bool operator==(const Retr&, const Retr&) = default;
};
struct Dele {
  Number message = 0;
  friend bool operator==(const Dele&, const Dele&) = default;
};
struct Noop {
  friend bool operator==(const Noop&, const Noop&) = default;
};
struct Rset {
  std::optional<Number> message;
  friend bool operator==(const Rset&, const Rset&) = default;
};
struct Quit {
  friend bool operator==(const Quit&, const Quit&) = default;
};
struct Top {
  Number message = 0;
  std::uint64_t lines = 0;  // of the body; beyond 64 bits it is the greatest number
  friend bool operator==(const Top&, const Top&) = default;
};
struct Uidl {
  std::optional<Number> message;
  friend bool operator==(const Uidl&, const Uidl&) = default;
};
struct Last {
  friend bool operator==(const Last&, const Last&) = default;
};
struct Capa {
  friend bool operator==(const Capa&, const Capa&) = default;
};
struct Stls {
  friend bool operator==(const Stls&, const Stls&) = default;
};
struct Auth {
  std::string mechanism;  // upper case; empty: list the mechanisms (RFC 1734, old clients)
  std::optional<std::string> initial;  // base64 undone; "=" is an empty one (RFC 5034 §4)
  friend bool operator==(const Auth&, const Auth&) = default;
};
struct Utf8 {
  friend bool operator==(const Utf8&, const Utf8&) = default;
};
struct Lang {
  std::string tag;  // empty: list the languages; "*": the default
  friend bool operator==(const Lang&, const Lang&) = default;
};

using Command = std::variant<User, Pass, Apop, Stat, List, Retr, Dele, Noop, Rset, Quit, Top, Uidl,
                             Last, Capa, Stls, Auth, Utf8, Lang>;

// Why a line is no command. Every kind has a reply; a server that counts errors counts them all.
struct Refused {
  enum class Why {
    unknown_command,
    missing_argument,
    extra_argument,
    bad_number,       // not 1*DIGIT
    no_such_message,  // 0, or beyond 32 bits: no maildrop has it
    bad_argument,     // octets that cannot stand there
  };
  Why why = Why::unknown_command;
  std::size_t at = 0;  // offset into the line
  Reply reply;         // -ERR with words
};

// `line` is without its line end.
std::expected<Command, Refused> parse_command(std::string_view line);

// "LIST 3": without line end; parses back to the same command. Never log a Pass.
std::string to_string(const Command& command);

// "LIST": for logs and tables.
std::string_view verb_of(const Command& command);

}  // namespace posta::wire::pop3
