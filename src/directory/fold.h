// fold.h: which local parts are the same, and how they are stored and shown.
//
// RFC 5321 §2.4 leaves the case of a local part to its host; here it never matters. All of posta
// asks this file and nothing else (docs/formats/directory.md, "What equals what").
#pragma once

#include <string>
#include <string_view>

namespace posta::directory {

// Two local parts are the same if these are. ASCII: lower case. Other UTF-8: full case folding,
// form C (RFC 6532 §3.1 wants form C of addresses). May be longer than `local`, at most threefold
// before form C. Octets that are not UTF-8 are folded as ASCII.
std::string fold_local(std::string_view local);

// How it is stored and shown: lower case, form C. fold_local(canonical_local(x)) == fold_local(x).
std::string canonical_local(std::string_view local);

}  // namespace posta::directory
