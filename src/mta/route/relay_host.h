// relay_host.h: the host that takes all our mail for others, in one line of configuration.
//
//   line   = place *(SP word)
//   place  = ("[" host-or-address "]" / domain) [":" port]
//   word   = "tls=" ("none" / "may" / "encrypt" / "verify") / "implicit"
//            / "user=" text / "password=" text / "password_file=" path
//
//   [smtp.example.net]:587 user=ann@example.net password_file=relay.secret
//   example.net                          by the MX records of example.net, port 25
//
// Brackets mean the host itself, without MX. Port 465 speaks TLS from the first octet (RFC 8314
// §3.3), as `implicit` says of another port. With a user the level is `verify` unless said
// otherwise, and never less than `encrypt`: a password does not travel in clear.
//
// `verify` proves the name that stands in the line, also if MX records led to the host, unless
// DNSSEC proved those (RFC 4954 §14).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace posta::mta {

// How a connection to another host must be protected.
enum class TlsLevel {
  none,     // STARTTLS is not used
  may,      // used where it is offered; whoever it is, and in clear if it fails (RFC 7435)
  encrypt,  // demanded; whoever it is
  verify,   // demanded, with a certificate that proves the name
};
const char* to_string(TlsLevel level);

struct RelayHost {
  std::string host;         // A-labels, lower case; or an IP address
  bool look_up_mx = false;  // no brackets
  std::uint16_t port = 25;
  TlsLevel tls = TlsLevel::may;
  bool implicit_tls = false;
  std::string user;  // empty: no AUTH
  std::string password;
  std::string password_file;  // whoever reads the configuration puts what is in it into `password`

  // The line; a password is not shown.
  std::string str() const;
};

// Error{config}: what was expected.
Result<RelayHost> parse_relay_host(std::string_view line);

}  // namespace posta::mta
