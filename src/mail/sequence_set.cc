#include "mail/sequence_set.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"

namespace posta {

namespace {

using Range = SequenceSet::Range;

constexpr std::uint32_t kStar = 0;

// seq-number = nz-number / "*"
Result<std::uint32_t> seq_number(std::string_view text, std::size_t& at) {
  if (text.substr(at).starts_with('*')) {
    ++at;
    return kStar;
  }
  std::size_t end = std::min(text.find_first_not_of("0123456789", at), text.size());
  auto number = to_number<std::uint32_t>(text.substr(at, end - at));
  if (!number || *number == 0)
    return fail(Error::Kind::syntax, "Not a message number: 1 to 4294967295, or *", at);
  at = end;
  return *number;
}

// The range with its lower end first; nothing if "*" stands for nothing.
std::optional<Range> ordered(Range range, std::uint32_t largest) {
  for (std::uint32_t* end : {&range.first, &range.last}) {
    if (*end != kStar) continue;
    if (largest == 0) return std::nullopt;
    *end = largest;
  }
  if (range.first > range.last) std::swap(range.first, range.last);
  return range;
}

void append_range(std::string& out, Range range) {
  auto append = [&](std::uint32_t number) {
    if (number == kStar)
      out += '*';
    else
      fmt::format_to(std::back_inserter(out), "{}", number);
  };
  append(range.first);
  if (range.first == range.last) return;
  out += ':';
  append(range.last);
}

}  // namespace

// sequence-set = (seq-number / seq-range) *("," sequence-set)          RFC 3501 §9
Result<SequenceSet> SequenceSet::parse(std::string_view text, std::size_t ranges_max) {
  SequenceSet set;
  for (std::size_t at = 0;;) {
    if (set.ranges.size() == ranges_max)
      return fail(Error::Kind::limit, fmt::format("More than {} ranges of messages", ranges_max),
                  at);
    Range range;
    TRY(range.first, seq_number(text, at));
    range.last = range.first;
    if (at < text.size() && text[at] == ':') {
      ++at;
      TRY(range.last, seq_number(text, at));
    }
    set.ranges.push_back(range);
    if (at == text.size()) return set;
    if (text[at] != ',') return fail(Error::Kind::syntax, "Not a set of messages", at);
    ++at;
  }
}

std::string SequenceSet::str() const {
  std::string out;
  for (const Range& range : ranges) {
    if (!out.empty()) out += ',';
    append_range(out, range);
  }
  return out;
}

std::vector<Range> SequenceSet::resolve(std::uint32_t largest) const {
  std::vector<Range> sorted;
  sorted.reserve(ranges.size());
  for (const Range& range : ranges)
    if (auto r = ordered(range, largest)) sorted.push_back(*r);
  std::ranges::sort(sorted, {}, &Range::first);
  std::vector<Range> merged;
  for (const Range& range : sorted) {
    // Neighbours are joined: 1:3,4 is 1:4.
    if (!merged.empty() && range.first <= std::uint64_t{merged.back().last} + 1)
      merged.back().last = std::max(merged.back().last, range.last);
    else
      merged.push_back(range);
  }
  return merged;
}

bool SequenceSet::contains(std::uint32_t number, std::uint32_t largest) const {
  return std::ranges::any_of(ranges, [&](const Range& range) {
    auto r = ordered(range, largest);
    return r && r->first <= number && number <= r->last;
  });
}

bool SequenceSet::has_star() const {
  return std::ranges::any_of(
      ranges, [](const Range& range) { return range.first == kStar || range.last == kStar; });
}

std::string print_numbers(const std::vector<std::uint32_t>& ascending) {
  std::string out;
  for (std::size_t i = 0; i < ascending.size();) {
    std::size_t last = i;
    while (last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1) ++last;
    if (!out.empty()) out += ',';
    append_range(out, {ascending[i], ascending[last]});
    i = last + 1;
  }
  return out;
}

}  // namespace posta
