// limits.h: how much of POP3 one client may say at a time.
#pragma once

#include <cstddef>

#include "base/limits.h"

namespace posta::wire::pop3 {

struct Limits {
  // RFC 2449 §4: "MUST support commands up to 255 octets"; long passwords and base64 want more.
  std::size_t command_line_octets_max = 1024;  // octets, line end included
  // RFC 5034 §4: a line of base64 while AUTH goes on, and the AUTH command itself.
  std::size_t auth_line_octets_max = 12288;  // octets, line end included
  // A line that is too long is skipped up to its end; beyond this the client is not one.
  std::size_t skipped_line_octets_max = 64 << 10;  // octets
};

inline constexpr LimitInfo kLimits[] = {
    {"pop3.command_line_octets_max", "octets", "-ERR", "RFC 2449 §4"},
    {"pop3.auth_line_octets_max", "octets", "-ERR", "RFC 5034 §4"},
    {"pop3.skipped_line_octets_max", "octets", "-ERR, end of session", ""},
};

// Limits of the grammar, the same for everybody.
inline constexpr std::size_t kReplyLineOctetsMax = 512;  // RFC 2449 §4, CRLF included
inline constexpr std::size_t kUniqueIdOctetsMax = 70;    // RFC 1939 §7

}  // namespace posta::wire::pop3
