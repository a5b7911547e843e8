// scram.h: the four messages of SCRAM (RFC 5802 §7) and its arithmetic (§3).
//
//   client-first-message = gs2-header client-first-message-bare
//   gs2-header           = gs2-cbind-flag "," [ authzid ] ","
//   gs2-cbind-flag       = ("p=" cb-name) / "n" / "y"
//   authzid              = "a=" saslname
//   client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
//   server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
//   client-final-message = client-final-message-without-proof "," proof
//   client-final-message-without-proof = channel-binding "," nonce ["," extensions]
//   server-final-message = (server-error / verifier) ["," extensions]
//
// A mandatory extension ("m=") is refused, as the RFC says; optional ones are kept and mean
// nothing. Each message prints back to the octets it was read from, which the signature covers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/sasl/hash.h"

namespace posta::wire::sasl {

inline constexpr std::size_t kNonceOctetsMax = 512;
inline constexpr std::size_t kSaltOctetsMax = 256;
inline constexpr std::size_t kScramOctetsMax = 8192;  // of one message

struct ClientFirst {
  // Whether the channel is bound (RFC 5802 §6).
  enum class Flag : std::uint8_t {
    no,           // "n": the client cannot
    unannounced,  // "y": it can, and thinks that the server cannot
    bound,        // "p=": it does
  };
  Flag flag = Flag::no;
  std::string binding;  // "tls-exporter": with Flag::bound
  std::string authzid;  // "=2C" and "=3D" undone, as in user
  std::string user;
  std::string nonce;
  std::string extensions;  // ",x=..." or empty

  std::string header() const;  // gs2-header
  std::string bare() const;
  friend bool operator==(const ClientFirst&, const ClientFirst&) = default;
};

struct ServerFirst {
  std::string nonce;  // the client's, then the server's
  std::string salt;   // base64 undone
  std::uint32_t iterations = 0;
  std::string extensions;
  friend bool operator==(const ServerFirst&, const ServerFirst&) = default;
};

struct ClientFinal {
  std::string binding;  // base64 undone: gs2-header, then the channel's data
  std::string nonce;
  std::string extensions;
  std::string proof;  // base64 undone

  std::string without_proof() const;
  friend bool operator==(const ClientFinal&, const ClientFinal&) = default;
};

struct ServerFinal {
  std::string error;      // "invalid-proof": it said no
  std::string signature;  // base64 undone; if there is no error
  std::string extensions;
  friend bool operator==(const ServerFinal&, const ServerFinal&) = default;
};

// Error{syntax} with the offset.
Result<ClientFirst> parse_client_first(std::string_view message);
Result<ServerFirst> parse_server_first(std::string_view message);
Result<ClientFinal> parse_client_final(std::string_view message);
Result<ServerFinal> parse_server_final(std::string_view message);
std::string print(const ClientFirst& message);
std::string print(const ServerFirst& message);
std::string print(const ClientFinal& message);
std::string print(const ServerFinal& message);

// --- arithmetic (RFC 5802 §3)

// What a server keeps instead of a password. Both are as long as the hash.
struct ScramKeys {
  std::string stored;  // StoredKey: checks a client's proof
  std::string server;  // ServerKey: proves the server
  friend bool operator==(const ScramKeys&, const ScramKeys&) = default;
};

// From SaltedPassword, which is stretch() of the prepared password.
ScramKeys scram_keys(Hash hash, std::string_view salted);
std::string client_proof(Hash hash, std::string_view salted, std::string_view auth_message);
bool proves(Hash hash, const ScramKeys& keys, std::string_view auth_message,
            std::string_view proof);
std::string server_signature(Hash hash, const ScramKeys& keys, std::string_view auth_message);

}  // namespace posta::wire::sasl
