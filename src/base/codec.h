// codec.h: octets as text: base64, base32, hex; and two checksums.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posta {

std::string base64_encode(std::string_view octets);  // RFC 4648 §4, padded, one line
// Strict: the alphabet, the padding and the unused bits must be right (RFC 4648 §3.5).
std::optional<std::string> base64_decode(std::string_view text);

std::string hex_encode(std::string_view octets);  // lower case
std::optional<std::string> hex_decode(std::string_view text);

// Crockford's base32 of a number, without leading zeros, upper case: short names for people.
std::string base32_name(std::uint64_t value);
std::optional<std::uint64_t> parse_base32_name(std::string_view text);

// CRC-32C (Castagnoli), for records and files. `seed` is the value so far.
std::uint32_t crc32c(std::string_view octets, std::uint32_t seed = 0);

// A fast 64-bit hash for tables and traces. Stable across machines; not for adversaries.
std::uint64_t hash64(std::string_view octets, std::uint64_t seed = 0);

}  // namespace posta
