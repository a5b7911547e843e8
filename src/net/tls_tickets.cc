#include "net/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstring>

namespace posta::net::tls {

TicketKeys::~TicketKeys() {
  if (!keys_.empty()) OPENSSL_cleanse(keys_.data(), keys_.size() * sizeof(TicketKey));
}

bool TicketKeys::current(WallTime now) {
  // A clock that was set back makes keys from the future: as good as old ones.
  while (!keys_.empty() && (now - keys_.back().made > 2 * life_ || keys_.back().made > now)) {
    OPENSSL_cleanse(&keys_.back(), sizeof(TicketKey));
    keys_.pop_back();
  }
  if (!keys_.empty() && keys_.front().made <= now && now - keys_.front().made <= life_) return true;
  TicketKey key{.name = {}, .cipher = {}, .mac = {}, .made = now};
  if (!library_->fill_random(key.name) || !library_->fill_random(key.cipher) ||
      !library_->fill_random(key.mac))
    return false;
  keys_.insert(keys_.begin(), key);
  OPENSSL_cleanse(&key, sizeof key);
  return true;
}

bool TicketKeys::set(const TicketKey& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac, bool sealing) const {
  std::unique_ptr<EVP_CIPHER, Free<EVP_CIPHER_free>> aes(
      EVP_CIPHER_fetch(library_->state(), "AES-256-CBC", nullptr));
  char digest[] = "SHA256";
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                        const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return aes && EVP_MAC_CTX_set_params(mac, params) &&
         EVP_CipherInit_ex2(cipher, aes.get(), key.cipher.data(), iv, sealing, nullptr);
}

int TicketKeys::seal(unsigned char name[16], unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac, WallTime now) {
  constexpr std::size_t kIvOctets = 16;
  std::lock_guard lock(mutex_);
  if (!current(now) || !library_->fill_random(std::span(iv, kIvOctets))) return -1;
  const TicketKey& key = keys_.front();
  std::memcpy(name, key.name.data(), key.name.size());
  return set(key, iv, cipher, mac, true) ? 1 : -1;
}

int TicketKeys::open(const unsigned char name[16], const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac, WallTime now) {
  std::lock_guard lock(mutex_);
  if (!current(now)) return -1;
  auto key = std::ranges::find_if(keys_, [&](const TicketKey& one) {
    return std::memcmp(one.name.data(), name, one.name.size()) == 0;
  });
  if (key == keys_.end()) return 0;
  if (!set(*key, iv, cipher, mac, false)) return -1;
  return key == keys_.begin() ? 1 : 2;
}

}  // namespace posta::net::tls
