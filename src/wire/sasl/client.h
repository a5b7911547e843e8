// client.h: the client's side of an exchange: who sends mail on proves who it is.
//
//   auto mechanism = choose(offered, {.bindings = …, .clear = tls});
//   auto exchange = begin_client(*mechanism, credentials, {.nonce = …});
//   exchange->initial()      what goes with the command; nothing: the server speaks first
//   exchange->respond(text)  the answer to each challenge, base64 undone; an Error: cancel ("*")
//   the server says yes:     exchange->satisfied(), else it has not proved itself: go away
//
// base64 and "=" for an empty initial response are the protocol's affair.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/sasl/mechanism.h"

namespace posta::wire::sasl {

struct Credentials {
  std::string user;
  std::string password;
  std::string authzid = {};  // whom to act as; empty: user
};

struct ClientOptions {
  Bindings bindings = {};     // of the TLS connection
  bool plus_offered = false;  // the server announced a -PLUS mechanism
  std::string nonce = {};     // SCRAM: 18 or more random octets, as base64
  // What a server may ask for. RFC 7677 §4: "at least 4096"; the most keeps a server from making
  // us work for hours.
  std::uint32_t iterations_min = 4096;
  std::uint32_t iterations_max = 1'000'000;
};

class ClientExchange {
 public:
  virtual ~ClientExchange() = default;
  virtual std::optional<std::string> initial() = 0;
  // SCRAM stretches the password here: milliseconds to a second, at most iterations_max.
  virtual Result<std::string> respond(std::string_view challenge) = 0;
  // Whether success may be believed now.
  virtual bool satisfied() const = 0;
};

std::unique_ptr<ClientExchange> begin_client(Mechanism mechanism, Credentials credentials,
                                             ClientOptions options);

// The best mechanism among those offered; nothing: none of ours. PLAIN and LOGIN only if `clear`:
// nobody else reads this connection, or the administrator does not mind.
std::optional<Mechanism> choose(std::span<const std::string> offered, const Bindings& bindings,
                                bool clear);

// True if one of `offered` is a -PLUS mechanism.
bool offers_binding(std::span<const std::string> offered);

}  // namespace posta::wire::sasl
