// credential_records.h: the records of credentials, grants and the secret, as octets and back
// (docs/formats/directory.md). As records.h.
#pragma once

#include <string>
#include <string_view>

#include "directory/credentials.h"

namespace posta::directory {

inline constexpr std::size_t kSecretOctets = 32;
inline constexpr std::size_t kSaltOctets = 16;  // of new salts; RFC 9106 §3.1
inline constexpr std::size_t kScramSaltOctetsMax = 64;
inline constexpr std::uint32_t kScramIterationsMax = 10'000'000;

struct PasswordRecord {
  std::string hash;  // as Hasher::hash writes it
  WallTime set;
  friend bool operator==(const PasswordRecord&, const PasswordRecord&) = default;
};
std::string encode(const PasswordRecord& password);
Result<PasswordRecord> decode_password(std::string_view record);

// What SCRAM with one hash needs. The keys are both empty, or both as long as the hash.
struct ScramPart {
  std::string salt;
  std::uint32_t iterations = 0;
  wire::sasl::ScramKeys keys;
  friend bool operator==(const ScramPart&, const ScramPart&) = default;
};
struct ScramRecord {
  ScramPart sha_256, sha_1;
  const ScramPart& of(wire::sasl::Hash hash) const {
    return hash == wire::sasl::Hash::sha_1 ? sha_1 : sha_256;
  }
  bool same_salts(const ScramRecord& other) const {
    return sha_256.salt == other.sha_256.salt && sha_1.salt == other.sha_1.salt &&
           sha_256.iterations == other.sha_256.iterations &&
           sha_1.iterations == other.sha_1.iterations;
  }
  friend bool operator==(const ScramRecord&, const ScramRecord&) = default;
};
std::string encode(const ScramRecord& scram);
Result<ScramRecord> decode_scram(std::string_view record);

struct AppPasswordRecord {
  std::string name;
  Scopes scopes;
  WallTime created;
  std::string salt, tag;
  wire::sasl::ScramKeys sha_256, sha_1;
  const wire::sasl::ScramKeys& of(wire::sasl::Hash hash) const {
    return hash == wire::sasl::Hash::sha_1 ? sha_1 : sha_256;
  }
  friend bool operator==(const AppPasswordRecord&, const AppPasswordRecord&) = default;
};
std::string encode(const AppPasswordRecord& password);
Result<AppPasswordRecord> decode_app_password(std::string_view record);

std::string encode(const Grant& grant);
Result<Grant> decode_grant(std::string_view record);

struct Secret {
  std::string octets;
  friend bool operator==(const Secret&, const Secret&) = default;
};
std::string encode(const Secret& secret);
Result<Secret> decode_secret(std::string_view record);

// C/app/<id><number>: when an app password was last used.
struct LastUse {
  WallTime time;
  friend bool operator==(const LastUse&, const LastUse&) = default;
};
std::string encode(const LastUse& use);
Result<LastUse> decode_last_use(std::string_view record);

}  // namespace posta::directory
