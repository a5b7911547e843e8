// hash.h: the hash functions of SCRAM (RFC 5802 §2.2), from libcrypto.
//
// Pure: no state, no failure (an algorithm that is not there is a CHECK). Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace posta::wire::sasl {

enum class Hash : std::uint8_t { sha_1, sha_256 };

constexpr std::size_t octets_of(Hash hash) {
  return hash == Hash::sha_1 ? 20 : 32;
}

std::string digest(Hash hash, std::string_view octets);                      // H()
std::string hmac(Hash hash, std::string_view key, std::string_view octets);  // HMAC()
// Hi(), RFC 5802 §2.2: PBKDF2 with HMAC. Long: milliseconds, on a worker.
std::string stretch(Hash hash, std::string_view password, std::string_view salt,
                    std::uint32_t iterations);

// Takes the same time wherever they differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace posta::wire::sasl
