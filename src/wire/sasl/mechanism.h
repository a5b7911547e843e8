// mechanism.h: the SASL mechanisms that posta speaks, by name.
//
//   sasl-mech    = 1*20mech-char                                          RFC 4422 §3.1
//   mech-char    = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
//
//   SCRAM-SHA-256-PLUS, SCRAM-SHA-256    RFC 7677
//   SCRAM-SHA-1-PLUS, SCRAM-SHA-1        RFC 5802
//   PLAIN                                RFC 4616
//   LOGIN                                never standardised (draft-murchison-sasl-login)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/sasl/hash.h"

namespace posta::wire::sasl {

enum class Mechanism : std::uint8_t {
  scram_sha_256_plus,
  scram_sha_256,
  scram_sha_1_plus,
  scram_sha_1,
  plain,
  login,
};

struct MechanismInfo {
  Mechanism mechanism;
  std::string_view name;
  bool clear = false;         // the password crosses as it is: only where nobody else reads
  bool client_first = false;  // may have an initial response (RFC 4422 §5)
  bool binding = false;       // needs a channel binding
  Hash hash = Hash::sha_256;  // of SCRAM
};

// In order of preference.
inline constexpr MechanismInfo kMechanisms[] = {
    {Mechanism::scram_sha_256_plus, "SCRAM-SHA-256-PLUS", false, true, true, Hash::sha_256},
    {Mechanism::scram_sha_256, "SCRAM-SHA-256", false, true, false, Hash::sha_256},
    {Mechanism::scram_sha_1_plus, "SCRAM-SHA-1-PLUS", false, true, true, Hash::sha_1},
    {Mechanism::scram_sha_1, "SCRAM-SHA-1", false, true, false, Hash::sha_1},
    {Mechanism::plain, "PLAIN", true, true, false, Hash::sha_256},
    {Mechanism::login, "LOGIN", true, false, false, Hash::sha_256},
};

const MechanismInfo& info(Mechanism mechanism);
// In any letter case. Nothing: not one of ours.
std::optional<Mechanism> parse_mechanism(std::string_view name);

// What ties an exchange to its TLS connection (RFC 5929, RFC 9266). Empty where there is none.
struct Bindings {
  std::string exporter;          // tls-exporter
  std::string server_end_point;  // tls-server-end-point

  bool any() const { return !exporter.empty() || !server_end_point.empty(); }
  // By the name that a client gives it; empty: not here.
  std::string_view find(std::string_view name) const;
};
inline constexpr std::string_view kExporter = "tls-exporter";
inline constexpr std::string_view kServerEndPoint = "tls-server-end-point";

}  // namespace posta::wire::sasl
