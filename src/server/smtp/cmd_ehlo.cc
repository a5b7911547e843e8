// cmd_ehlo.cc: EHLO begins a session and says what we can do (RFC 5321 §4.1.1.1).
//
//   "EHLO" SP ( Domain / address-literal ) CRLF
//
// Announced is what works completely, and what this client may use.
#include "server/smtp/session.h"
#include "wire/smtp/ehlo.h"

namespace posta::server::smtp {

Task<Reply> Session::ehlo(wire::smtp::Ehlo& command) {
  begin_hello(std::move(command.domain), true);
  const mta::IntakeLimits& intake = server_.deps().intake.config().limits;
  wire::smtp::Capabilities offered;
  offered.pipelining = true;  // RFC 2920
  offered.size = true;        // RFC 1870
  offered.size_max = intake.message_octets_max;
  offered.eight_bit_mime = true;                       // RFC 6152
  offered.chunking = true;                             // RFC 3030
  offered.smtputf8 = true;                             // RFC 6531
  offered.enhanced_status_codes = true;                // RFC 2034
  offered.starttls = config().reception.tls && !tls_;  // RFC 3207 §4.2: not in TLS
  offered.help = true;
  for (std::string_view name : mechanisms()) offered.auth.emplace_back(name);  // RFC 4954 §3
  offered.vrfy = may(config().vrfy, trusted_) || principal_;
  offered.expn = may(config().expn, trusted_);
  offered.limits =
      wire::smtp::SessionLimits{.mail_max = static_cast<std::uint32_t>(limits().letters_max),
                                .rcpt_max = static_cast<std::uint32_t>(intake.recipients_max),
                                .rcpt_domain_max = std::nullopt};
  co_return wire::smtp::ehlo_reply(config().reception.host, "Hello " + stream_.peer().ip.literal(),
                                   offered);
}

}  // namespace posta::server::smtp
