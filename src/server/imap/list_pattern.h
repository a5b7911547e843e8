// list_pattern.h: the pattern of a LIST or LSUB (RFC 3501 §6.3.8): "*" matches anything, "%"
// anything but the delimiter; INBOX in any case is INBOX. Pure.
//
// Prepared once, then a name costs its octets times a word for each 64 octets of the pattern,
// whatever the pattern is: neither copies nor steps back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace posta::server::imap {

class ListPattern {
 public:
  // `reference` and `pattern` one after the other, for names of at most `octets_max` octets: what
  // asks for more matches nothing, and takes no room.
  ListPattern(std::string_view reference, std::string_view pattern, std::size_t octets_max);

  bool matches(std::string_view name) const;

 private:
  using Places = std::vector<std::uint64_t>;  // a bit for each place in the pattern

  void octet(char c);

  // A place is what stands before an octet of the pattern, or at its end: wildcards between two
  // octets are one.
  //
  //   pattern  a * b         places  0 "a"   1 "*b"   2 end
  std::size_t octets_ = 0;                // of the pattern, without wildcards
  bool nothing_ = false;                  // matches no name
  std::array<std::uint16_t, 256> row_{};  // in rows_ of an octet; 0: it is not in the pattern
  std::vector<Places> rows_;              // where the octet leads on to the next place
  Places all_, but_delimiter_;            // where there is "*", "%"
};

}  // namespace posta::server::imap
