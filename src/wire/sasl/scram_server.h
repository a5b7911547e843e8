// scram_server.h: the server's side of SCRAM (RFC 5802 §5).
//
//   client                                             server
//     n,,n=user,r=NONCE                ------------->  take_first(): user(), authzid()
//                                                      ... the salt of that user, or of nobody
//     r=NONCE+OURS,s=SALT,i=COUNT      <-------------  challenge()
//     c=BINDING,r=NONCE+OURS,p=PROOF   ------------->  take_final()
//                                                      ... proves(keys), for each key there is
//     v=SIGNATURE                      <-------------  verdict(keys)
//
// Whether the proof is right is asked key by key: an account may have several passwords with one
// salt. No error attribute ("e=") is ever sent: the protocol's own refusal says that it failed, and
// why is nobody's business.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/sasl/mechanism.h"
#include "wire/sasl/scram.h"

namespace posta::wire::sasl {

class ScramServer {
 public:
  struct Settings {
    Mechanism mechanism = Mechanism::scram_sha_256;
    Bindings bindings;          // of the connection
    bool plus_offered = false;  // a -PLUS mechanism was announced on it
    std::string nonce;          // ours: unpredictable, printable, no comma
  };
  explicit ScramServer(Settings settings) : settings_(std::move(settings)) {}

  // Error{syntax}: malformed. Error{denied}: the channel binding is not what it must be.
  Result<> take_first(std::string_view message);
  const std::string& user() const { return first_.user; }
  const std::string& authzid() const { return first_.authzid; }

  std::string challenge(std::string_view salt, std::uint32_t iterations);

  // Error{syntax}: malformed. Error{denied}: another nonce, or another channel.
  Result<> take_final(std::string_view message);
  bool proves(const ScramKeys& keys) const;
  std::string verdict(const ScramKeys& keys) const;

 private:
  Hash hash() const { return info(settings_.mechanism).hash; }

  const Settings settings_;
  ClientFirst first_;
  std::string nonce_;         // both halves
  std::string server_first_;  // as it was sent
  std::string auth_message_;
  std::string proof_;
};

}  // namespace posta::wire::sasl
