// charset.h: any charset to UTF-8, through ICU. Never fails: what cannot be read becomes U+FFFD.
//
// INTEROP: mail names charsets loosely. US-ASCII with high octets is read as UTF-8 if it is
// well-formed, else as windows-1252; ISO-8859-1 is read as windows-1252, and the charsets of East
// Asia as the supersets that senders mean (gb2312: gb18030, ks_c_5601-1987: windows-949).
// UTF-8 and US-ASCII never open a converter.
#pragma once

#include <string>
#include <string_view>

namespace posta::wire::message {

std::string to_utf8(std::string_view octets, std::string_view charset);

// True if to_utf8 reads the charset as itself, and not as a guess. US-ASCII and UTF-8 are.
bool is_charset(std::string_view name);

// Octets of which nobody said the charset: UTF-8 if well-formed, else windows-1252.
std::string guess_utf8(std::string_view octets);

// At most `characters` characters of well-formed UTF-8.
std::string_view first_characters(std::string_view utf8, std::size_t characters);

void append_utf8(std::string& out, char32_t character);  // U+FFFD for what is no character

}  // namespace posta::wire::message
