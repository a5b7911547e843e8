#include "wire/smtp/xtext.h"

namespace posta::wire::smtp {

namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

bool is_xchar(char c) {
  return c >= '!' && c <= '~' && c != '+' && c != '=';
}

}  // namespace

std::string xtext_encode(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  for (char c : octets) {
    if (is_xchar(c)) {
      out += c;
    } else {
      auto octet = static_cast<unsigned char>(c);
      out += '+';
      out += kHex[octet >> 4];
      out += kHex[octet & 15];
    }
  }
  return out;
}

std::optional<std::string> xtext_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_xchar(text[i])) {
      out += text[i];
      continue;
    }
    if (text[i] != '+' || text.size() - i < 3) return std::nullopt;
    std::size_t high = kHex.find(text[i + 1]);
    std::size_t low = kHex.find(text[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

}  // namespace posta::wire::smtp
