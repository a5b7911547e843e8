#include "wire/sasl/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace posta::wire::sasl {

namespace {

const EVP_MD* algorithm(Hash hash) {
  return hash == Hash::sha_1 ? EVP_sha1() : EVP_sha256();
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* octets(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

std::string digest(Hash hash, std::string_view text) {
  std::string out(octets_of(hash), '\0');
  unsigned size = 0;
  CHECK(EVP_Digest(text.data(), text.size(), octets(out), &size, algorithm(hash), nullptr) == 1);
  CHECK(size == out.size());
  return out;
}

std::string hmac(Hash hash, std::string_view key, std::string_view text) {
  std::string out(octets_of(hash), '\0');
  unsigned size = 0;
  CHECK(HMAC(algorithm(hash), key.data(), static_cast<int>(key.size()), octets(text), text.size(),
             octets(out), &size) != nullptr);
  CHECK(size == out.size());
  return out;
}

std::string stretch(Hash hash, std::string_view password, std::string_view salt,
                    std::uint32_t iterations) {
  std::string out(octets_of(hash), '\0');
  CHECK(iterations > 0);
  CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets(salt),
                          static_cast<int>(salt.size()), static_cast<int>(iterations),
                          algorithm(hash), static_cast<int>(out.size()), octets(out)) == 1);
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace posta::wire::sasl
