// response.h: what an IMAP server says, as a value: for tests that speak as clients.
//
//   response-data = "* 12 FETCH (UID 7 FLAGS (\Seen))" CRLF …        RFC 3501 §9
//
// Strict: one blank between things, literals as announced, quoted strings that are some. What a
// tolerant client would guess is an Error here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace posta::imap {

struct Value {
  enum class Kind { atom, text, nil, list };  // text: quoted or literal
  Kind kind = Kind::atom;
  std::string text;
  std::vector<Value> items;

  bool is_list() const { return kind == Kind::list; }
  std::optional<std::uint64_t> number() const;  // of an atom
};

struct Response {
  enum class Kind { tagged, untagged, go_on };  // go_on: "+"
  Kind kind = Kind::untagged;
  std::string tag;
  std::string status;                   // OK, NO, BAD, BYE, PREAUTH; empty: data
  std::string code;                     // of a status: what stood in brackets
  std::string text;                     // of a status
  std::optional<std::uint32_t> number;  // 12 of "12 EXISTS"
  std::string name;                     // of data: EXISTS, FETCH, SEARCH …
  std::vector<Value> values;            // of data: what follows the name

  bool is(std::string_view wanted) const { return name == wanted; }
  bool ok() const { return kind == Kind::tagged && status == "OK"; }
  // The word and the rest of a code: "UIDNEXT", "12".
  std::string_view code_word() const;
  std::string_view code_rest() const;
};

// One response, its literals in place, without the final CRLF.
Result<Response> parse_response(std::string_view octets);

// The item of a FETCH, or null.
const Value* find_item(const Response& fetch, std::string_view name);

// "{12}" at the end of a line: how much follows.
std::optional<std::size_t> literal_at_end(std::string_view line);

}  // namespace posta::imap
