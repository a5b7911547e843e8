#include "base/codec.h"

#include <array>
#include <cstring>

#include "base/text.h"

namespace posta {

namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kHex[] = "0123456789abcdef";
constexpr char kBase32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

constexpr std::array<std::int8_t, 256> inverse(const char* alphabet, int size) {
  std::array<std::int8_t, 256> table{};
  for (auto& v : table) v = -1;
  for (int i = 0; i < size; ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}
constexpr auto kFromBase64 = inverse(kBase64, 64);
constexpr auto kFromBase32 = inverse(kBase32, 32);

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = c & 1 ? 0x82F63B78u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}
constexpr auto kCrc = crc_table();

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93ull;
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93ull;
  x ^= x >> 32;
  return x;
}

}  // namespace

std::string base64_encode(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  std::size_t i = 0;
  auto at = [&](std::size_t k) { return std::uint32_t{static_cast<unsigned char>(octets[k])}; };
  for (; i + 3 <= octets.size(); i += 3) {
    std::uint32_t v = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out += kBase64[v >> 18];
    out += kBase64[v >> 12 & 63];
    out += kBase64[v >> 6 & 63];
    out += kBase64[v & 63];
  }
  std::size_t left = octets.size() - i;
  if (left == 0) return out;
  std::uint32_t v = at(i) << 16 | (left == 2 ? at(i + 1) << 8 : 0);
  out += kBase64[v >> 18];
  out += kBase64[v >> 12 & 63];
  out += left == 2 ? kBase64[v >> 6 & 63] : '=';
  out += '=';
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  text.remove_suffix(padding);
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (unsigned char c : text) {
    int v = kFromBase64[c];
    if (v < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count);
      bits &= (1u << count) - 1;
    }
  }
  if (bits != 0) return std::nullopt;  // RFC 4648 §3.5: unused bits are zero
  return out;
}

std::string hex_encode(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() * 2);
  for (unsigned char c : octets) {
    out += kHex[c >> 4];
    out += kHex[c & 15];
  }
  return out;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  auto digit = [](char c) -> int {
    if (is_digit(c)) return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string base32_name(std::uint64_t value) {
  std::string out;
  do {
    out.insert(out.begin(), kBase32[value & 31]);
    value >>= 5;
  } while (value != 0);
  return out;
}

std::optional<std::uint64_t> parse_base32_name(std::string_view text) {
  if (text.empty() || text.size() > 13) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    int v = kFromBase32[static_cast<unsigned char>(ascii_upper(c))];
    if (v < 0 || value >> 59 != 0) return std::nullopt;
    value = value << 5 | static_cast<std::uint64_t>(v);
  }
  return value;
}

std::uint32_t crc32c(std::string_view octets, std::uint32_t seed) {
  std::uint32_t c = ~seed;
  for (unsigned char octet : octets) c = kCrc[(c ^ octet) & 0xFF] ^ (c >> 8);
  return ~c;
}

std::uint64_t hash64(std::string_view octets, std::uint64_t seed) {
  std::uint64_t h = seed ^ (octets.size() * 0x9E3779B97F4A7C15ull);
  while (octets.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, octets.data(), 8);
    h = mix(h ^ word) + 0x9E3779B97F4A7C15ull;
    octets.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  if (!octets.empty()) std::memcpy(&tail, octets.data(), octets.size());
  return mix(h ^ tail);
}

}  // namespace posta
