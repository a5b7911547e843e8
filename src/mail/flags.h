// flags.h: system flags and keywords of a message in a mailbox (RFC 3501 §2.3.2).
#pragma once

#include <cstdint>

namespace posta {

// Keywords are numbered per mailbox; their names stand in the mailbox's record. \Recent is no flag
// of a message: a session claims it (RFC 3501 §2.3.2).
inline constexpr int kKeywordsMax = 64;

struct Flags {
  enum System : std::uint8_t {
    seen = 1,
    answered = 2,
    flagged = 4,
    deleted = 8,
    draft = 16,
  };
  std::uint8_t system = 0;
  std::uint64_t keywords = 0;

  bool has(System flag) const { return (system & flag) != 0; }
  friend bool operator==(const Flags&, const Flags&) = default;
};

}  // namespace posta
