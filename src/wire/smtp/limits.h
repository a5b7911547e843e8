// limits.h: how much of SMTP one peer may say at a time.
#pragma once

#include <cstddef>

#include "base/limits.h"

namespace posta::wire::smtp {

struct Limits {
  // RFC 5321 §4.5.3.1.4 asks for 512; the parameters of extensions add to that.
  std::size_t command_line_octets_max = 2048;  // octets, line end included
  // RFC 4954 §4: a line of base64 while AUTH goes on, and the AUTH command itself.
  std::size_t auth_line_octets_max = 12288;  // octets, line end included
  // A command line that is too long is skipped up to its end; a peer that goes on beyond this is
  // not speaking SMTP.
  std::size_t skipped_line_octets_max = 64 << 10;  // octets
};

inline constexpr LimitInfo kLimits[] = {
    {"smtp.command_line_octets_max", "octets", "500 5.5.6", "RFC 5321 §4.5.3.1.4"},
    {"smtp.auth_line_octets_max", "octets", "500 5.5.6", "RFC 4954 §4"},
    {"smtp.skipped_line_octets_max", "octets", "421 4.7.0", ""},
};

// Limits of the grammar, the same for everybody.
inline constexpr std::size_t kHeloOctetsMax = 255;       // RFC 5321 §4.5.3.1.2
inline constexpr std::size_t kReplyLineOctetsMax = 512;  // RFC 5321 §4.5.3.1.5, CRLF included
inline constexpr std::size_t kTextLineOctetsMax = 1000;  // RFC 5321 §4.5.3.1.6, CRLF included

// What we read from other servers.
inline constexpr std::size_t kReplyLinesMax = 256;         // lines in one reply
inline constexpr std::size_t kReplyOctetsMax = 64 << 10;   // octets in one reply
inline constexpr std::size_t kReplyLineReadMax = 8 << 10;  // octets in one line, line end included

}  // namespace posta::wire::smtp
