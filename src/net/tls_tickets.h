// tls_tickets.h: the keys under which session tickets are sealed (RFC 5077 §4, RFC 8446 §4.6.1).
//
// They belong to the server and not to its certificates, so tickets survive replace(). A key seals
// for one ticket life and opens for one more; then it is destroyed, and with it the secrecy of what
// was sealed under it can no longer be broken by whoever takes the process. Any thread.
#pragma once

#include <openssl/evp.h>
#include <openssl/types.h>

#include <array>
#include <mutex>
#include <optional>
#include <vector>

#include "net/tls_library.h"

namespace posta::net::tls {

class TicketKeys {
 public:
  TicketKeys(std::shared_ptr<const Library> library, std::chrono::seconds life)
      : library_(std::move(library)), life_(life) {}
  ~TicketKeys();

  // OpenSSL's questions: what to seal with, and what to open with. -1 failed; 0 unknown key; 1 yes;
  // 2 yes, and give a new ticket.
  int seal(unsigned char name[16], unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
           WallTime now);
  int open(const unsigned char name[16], const unsigned char* iv, EVP_CIPHER_CTX* cipher,
           EVP_MAC_CTX* mac, WallTime now);

  std::chrono::seconds life() const { return life_; }

 private:
  struct TicketKey {
    std::array<unsigned char, 16> name;
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
    WallTime made;
  };
  bool current(WallTime now);  // under mutex_: keys_.front() may seal
  bool set(const TicketKey& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
           bool sealing) const;

  const std::shared_ptr<const Library> library_;
  const std::chrono::seconds life_;
  std::mutex mutex_;
  std::vector<TicketKey> keys_;  // the newest first
};

}  // namespace posta::net::tls
