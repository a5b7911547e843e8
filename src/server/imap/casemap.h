// casemap.h: text as SEARCH compares it: the collation i;unicode-casemap (RFC 5051 §2).
//
// Every character in title case, then decomposed (compatibility, canonically ordered as it stands).
// Two texts are equal, or one contains the other, if that is true of their octets afterwards.
#pragma once

#include <string>
#include <string_view>

namespace posta::server::imap {

// `utf8` is well-formed, or its ill-formed octets become U+FFFD.
std::string casemap(std::string_view utf8);

}  // namespace posta::server::imap
