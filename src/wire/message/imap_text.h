// imap_text.h: strings as IMAP sends them (RFC 3501 §4.3, §9 string and nstring).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posta::wire::message {

// quoted if ASCII on one line, else a literal. NUL, which neither may hold, is left out.
void append_string(std::string& out, std::string_view text);
void append_upper_string(std::string& out, std::string_view text);  // ASCII letters raised
void append_nstring(std::string& out, std::optional<std::string_view> text);  // nothing: NIL

}  // namespace posta::wire::message
