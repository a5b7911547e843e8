// limits.h: how much of IMAP is taken at a time. Crossing one is BAD or NO, never a guess.
#pragma once

#include "base/limits.h"

namespace posta::wire::imap {

struct Limits {
  Octets line_octets_max = 64_KiB;    // of a command without its literals
  Octets literal_octets_max = 1_MiB;  // one literal that is not a message
  Octets literal_octets_before_login_max = 1_KiB;
  Octets command_octets_max = 2_MiB;  // with all its literals
  std::size_t literals_max = 1000;    // in one command
  std::size_t nesting_max = 64;       // parentheses, NOT and OR; levels of a body part's number
  std::size_t ranges_max = 10'000;    // of a sequence set
  std::size_t fetch_items_max = 1000;
  std::size_t search_keys_max = 1000;
  std::size_t patterns_max = 100;   // of a LIST
  std::size_t flags_max = 200;      // of one APPEND or STORE
  Octets keyword_octets_max = 255;  // each message that has it says it whenever its flags are told
  std::size_t id_fields_max = 30;
};

// Limits of the grammar, the same for everybody.
inline constexpr std::size_t kTagOctetsMax = 128;

inline constexpr LimitInfo kLimits[] = {
    {"imap.line_octets_max", "octets", "BAD", "RFC 7162 §4"},
    {"imap.literal_octets_max", "octets", "NO [TOOBIG], or BAD and the end", "RFC 7888 §4"},
    {"imap.literal_octets_before_login_max", "octets", "NO [TOOBIG], or BAD and the end",
     "RFC 7888 §4"},
    {"imap.command_octets_max", "octets", "NO [TOOBIG], or BAD and the end", ""},
    {"imap.literals_max", "literals", "BAD, or BAD and the end", ""},
    {"imap.nesting_max", "levels", "BAD", ""},
    {"imap.ranges_max", "ranges", "BAD", ""},
    {"imap.fetch_items_max", "items", "BAD", ""},
    {"imap.search_keys_max", "keys", "BAD", ""},
    {"imap.patterns_max", "patterns", "BAD", ""},
    {"imap.flags_max", "flags", "BAD", ""},
    {"imap.keyword_octets_max", "octets", "BAD", ""},
    {"imap.tag_octets_max", "octets", "* BAD", ""},
    {"imap.id_fields_max", "fields", "BAD", "RFC 2971 §3.3"},
};

}  // namespace posta::wire::imap
