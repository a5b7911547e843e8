#include "base/text.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace posta {

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_upper(c);
  return out;
}

bool equals_ignore_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

bool starts_with_ignore_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignore_case(text.substr(0, prefix.size()), prefix);
}

bool all_ascii(std::string_view text) {
  unsigned char seen = 0;  // without a branch: the compiler takes many octets at a time
  for (char c : text) seen |= static_cast<unsigned char>(c);
  return is_ascii(seen);
}

namespace {

// Octets of the well-formed sequence that begins at `p`, which is not the end; 0: there is none.
// RFC 3629 §4: the table of well-formed sequences.
std::size_t sequence_octets(const unsigned char* p, const unsigned char* end) {
  const unsigned char c = *p;
  if (c < 0x80) return 1;
  std::size_t octets;
  unsigned char low = 0x80, high = 0xBF;
  if (c >= 0xC2 && c <= 0xDF) {
    octets = 2;
  } else if (c >= 0xE0 && c <= 0xEF) {
    octets = 3;
    if (c == 0xE0) low = 0xA0;
    if (c == 0xED) high = 0x9F;
  } else if (c >= 0xF0 && c <= 0xF4) {
    octets = 4;
    if (c == 0xF0) low = 0x90;
    if (c == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (static_cast<std::size_t>(end - p) < octets) return 0;
  for (std::size_t i = 1; i < octets; ++i, low = 0x80, high = 0xBF)
    if (p[i] < low || p[i] > high) return 0;
  return octets;
}

// What moves a cursor, ends a line, or turns the order of what is shown: C0, DEL, C1, U+2028,
// U+2029, and the marks, embeddings, overrides and isolates of the Unicode bidirectional algorithm.
bool is_control(std::string_view sequence) {
  auto octet = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return octet(0) < 0x20 || octet(0) == 0x7F;
  if (sequence.size() == 2)
    return (octet(0) == 0xC2 && octet(1) < 0xA0) || sequence == "\xD8\x9C";  // C1, U+061C
  if (sequence.size() != 3 || octet(0) != 0xE2) return false;
  if (octet(1) == 0x80)  // U+200E, U+200F; U+2028 to U+202E
    return octet(2) == 0x8E || octet(2) == 0x8F || (octet(2) >= 0xA8 && octet(2) <= 0xAE);
  return octet(1) == 0x81 && octet(2) >= 0xA6 && octet(2) <= 0xA9;  // U+2066 to U+2069
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p != end) {
    // Mail is mostly ASCII: eight octets at a time.
    for (std::uint64_t word; end - p >= 8; p += 8) {
      std::memcpy(&word, p, 8);
      if (word & 0x8080808080808080ull) break;
    }
    if (p == end) break;
    std::size_t octets = sequence_octets(p, end);
    if (octets == 0) return false;
    p += octets;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    auto at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto* end = reinterpret_cast<const unsigned char*>(text.data()) + text.size();
  while (!text.empty()) {
    const auto* begin = reinterpret_cast<const unsigned char*>(text.data());
    const std::size_t octets = sequence_octets(begin, end);
    std::string_view sequence = text.substr(0, std::max<std::size_t>(octets, 1));
    text.remove_prefix(sequence.size());
    if (octets > 0 && !is_control(sequence)) {
      out += sequence;
      continue;
    }
    for (unsigned char c : sequence) out += fmt::format("\\x{:02x}", c);
  }
  return out;
}

namespace {
// Insertions, deletions, replacements, and neighbours that changed places.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> to(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  auto same = [&](std::size_t i, std::size_t j) {
    return ascii_lower(a[i - 1]) == ascii_lower(b[j - 1]);
  };
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        to[i][j] = i + j;
        continue;
      }
      to[i][j] =
          std::min({to[i - 1][j - 1] + (same(i, j) ? 0 : 1), to[i - 1][j] + 1, to[i][j - 1] + 1});
      if (i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j))
        to[i][j] = std::min(to[i][j], to[i - 2][j - 2] + 1);
    }
  }
  return to[a.size()][b.size()];
}
}  // namespace

std::optional<std::string> closest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = std::min<std::size_t>(3, (word.size() + 1) / 3) + 1;
  for (const auto& candidate : candidates) {
    std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (!best) return std::nullopt;
  return *best;
}

}  // namespace posta
