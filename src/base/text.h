// text.h: ASCII text, as protocols understand it; never the locale.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posta {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? char(c | 0x20) : c;
}
constexpr char ascii_upper(char c) {
  return c >= 'a' && c <= 'z' ? char(c & ~0x20) : c;
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
constexpr bool is_wsp(char c) {
  return c == ' ' || c == '\t';
}
constexpr bool is_ascii(unsigned char c) {
  return c < 0x80;
}

std::string to_lower(std::string_view text);  // ASCII letters only; other octets are kept
std::string to_upper(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);
bool starts_with_ignore_case(std::string_view text, std::string_view prefix);
bool all_ascii(std::string_view text);

// True if `text` is well-formed UTF-8 (RFC 3629 §3: no overlong forms, no surrogates).
bool is_utf8(std::string_view text);

std::string_view trim(std::string_view text);  // SP, HTAB, CR, LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);

// The whole of `text` as a decimal number; nothing if it is empty, has other octets, or overflows.
template <class N>
std::optional<N> to_number(std::string_view text) {
  N value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Controls, Unicode's too, and what is no UTF-8 as \xNN: a line stays one, and is what it seems.
std::string printable(std::string_view text);

// The closest of `candidates` to a mistyped `word` (edit distance at most a third of
// it), for "did you mean".
std::optional<std::string> closest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace posta
