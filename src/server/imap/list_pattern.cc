#include "server/imap/list_pattern.h"

#include <algorithm>

#include "base/text.h"

namespace posta::server::imap {

namespace {

constexpr std::string_view kInboxName = "INBOX";
constexpr std::size_t kWordBits = 64;

void set(std::vector<std::uint64_t>& places, std::size_t place) {
  places[place / kWordBits] |= std::uint64_t{1} << place % kWordBits;
}

}  // namespace

ListPattern::ListPattern(std::string_view reference, std::string_view pattern,
                         std::size_t octets_max) {
  std::size_t octets = 0;
  auto is_wild = [](char c) { return c == '*' || c == '%'; };
  for (std::string_view text : {reference, pattern})
    for (std::size_t i = 0; i < text.size() && octets <= octets_max; ++i)
      octets += is_wild(text[i]) ? 0 : 1;
  nothing_ = octets > octets_max;
  if (nothing_) return;
  const std::size_t words = octets / kWordBits + 1;
  all_.resize(words);
  but_delimiter_.resize(words);
  rows_.emplace_back(words);
  for (std::string_view text : {reference, pattern})
    for (char c : text) {
      if (is_wild(c)) {
        set(c == '*' ? all_ : but_delimiter_, octets_);
      } else {
        octet(c);
      }
    }
}

void ListPattern::octet(char c) {
  std::uint16_t& row = row_[static_cast<unsigned char>(c)];
  if (row == 0) {
    row = static_cast<std::uint16_t>(rows_.size());
    rows_.emplace_back(all_.size());
  }
  set(rows_[row], octets_++);
}

// Which places can be reached by the name so far: an octet that stands there leads to the next, a
// wildcard there stays.
bool ListPattern::matches(std::string_view name) const {
  if (nothing_ || octets_ > name.size()) return false;
  const bool inbox = name.starts_with(kInboxName) &&
                     (name.size() == kInboxName.size() || name[kInboxName.size()] == '/');
  const std::size_t words = all_.size();
  Places here(words);
  here[0] = 1;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const char c = name[at];
    const Places& same = rows_[row_[static_cast<unsigned char>(c)]];
    const bool any_case = inbox && at < kInboxName.size();
    const Places& other =
        rows_[any_case ? row_[static_cast<unsigned char>(ascii_lower(c))] : std::uint16_t{0}];
    std::uint64_t carry = 0, any = 0;
    for (std::size_t w = 0; w < words; ++w) {
      const std::uint64_t goes = here[w] & (same[w] | other[w]);
      const std::uint64_t stays = here[w] & (all_[w] | (c == '/' ? 0 : but_delimiter_[w]));
      here[w] = stays | goes << 1 | carry;
      carry = goes >> (kWordBits - 1);
      any |= here[w];
    }
    if (any == 0) return false;
  }
  return (here[octets_ / kWordBits] >> octets_ % kWordBits & 1) != 0;
}

}  // namespace posta::server::imap
