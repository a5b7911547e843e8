// sequence_set.h: message numbers as IMAP names them: "1,3:7,12:*" (RFC 3501 §9 sequence-set).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace posta {

// As written; 0 stands for "*". Sequence numbers or uids, whichever the command says.
struct SequenceSet {
  struct Range {
    std::uint32_t first = 0;  // may be greater than `last`: the order does not matter (RFC 3501 §9)
    std::uint32_t last = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };
  std::vector<Range> ranges;  // never empty after parsing
  friend bool operator==(const SequenceSet&, const SequenceSet&) = default;

  // `ranges_max`: more are Error{limit}.
  static Result<SequenceSet> parse(std::string_view text, std::size_t ranges_max);
  std::string str() const;

  // Ascending ranges without overlap, "*" taken as `largest` (0: the mailbox is empty, and "*"
  // means nothing).
  std::vector<Range> resolve(std::uint32_t largest) const;
  bool contains(std::uint32_t number, std::uint32_t largest) const;
  bool has_star() const;
};

// Ascending numbers as a set: {1,2,3,7} is "1:3,7".
std::string print_numbers(const std::vector<std::uint32_t>& ascending);

}  // namespace posta
