// password.h: passwords as Argon2id hashes (RFC 9106), made and checked on the worker pool.
//
// A hash says what it cost ("$argon2id$v=19$m=19456,t=2,p=1$<salt>$<tag>"), so the cost can be
// raised at any time: old hashes go on being checked at theirs. Two bounds, both answered with
// Error{unavailable} and never with "wrong": so many checks may wait, and so much memory may be in
// use. Checking is constant in time over the tag.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "directory/credential_records.h"
#include "directory/directory.h"

namespace posta::directory {

// A hash taken apart.
struct PasswordHash {
  HashCost cost;
  std::string salt;  // octets
  std::string tag;   // octets
};
std::string encode(const PasswordHash& hash);
// Error{corrupt}: not such a hash, or one whose cost nobody would have chosen (over 1 GiB, 64
// passes or 4 lanes), which would make checking it an attack.
Result<PasswordHash> decode_password_hash(std::string_view text);

class Hasher {
 public:
  Hasher(HashCost cost, Octets memory_max, std::size_t waiting_max);

  // At the present cost, with a salt of sixteen octets.
  Task<Result<std::string>> hash(std::string password);
  Task<Result<bool>> verify(PasswordHash hash, std::string password);
  // Costs what verify() costs at the present cost, and is false: for users who do not exist.
  Task<Result<bool>> verify_nobody(std::string password);
  // The keys of a password for salts and counts that are given.
  Task<Result<ScramRecord>> scram_keys(ScramRecord salts, std::string password);

 private:
  struct Use {  // shared with jobs, which may outlive the hasher
    std::atomic<Octets> memory{0};
    std::atomic<std::size_t> waiting{0};
  };
  Task<Result<std::string>> tag_of(PasswordHash hash, std::string password);

  const HashCost cost_;
  const Octets memory_max_;
  const std::size_t waiting_max_;
  const std::shared_ptr<Use> use_ = std::make_shared<Use>();
};

}  // namespace posta::directory
