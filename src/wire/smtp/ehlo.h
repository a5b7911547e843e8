// ehlo.h: what a server offers, as the reply to EHLO and back from it.
//
//   ehlo-ok-rsp  = ( "250" SP Domain [ SP ehlo-greet ] CRLF ) /
//                  ( "250-" Domain [ SP ehlo-greet ] CRLF
//                    *( "250-" ehlo-line CRLF ) "250" SP ehlo-line CRLF )      RFC 5321 §4.1.1.1
//   ehlo-line    = ehlo-keyword *( SP ehlo-param )
//   ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
//   ehlo-param   = 1*(%d33-126)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "mail/reply.h"

namespace posta::wire::smtp {

// LIMITS (RFC 9422): what one session and one transaction may have. Numbers are from 1 to 999999;
// others are neither said nor believed. Failed commands count too (§4.1, §4.2).
//
//   limits-param     = limit-name-value 0*[SP limit-name-value]                RFC 9422 §3
//   limit-name-value = limit-name ["=" limit-value]
struct SessionLimits {
  std::optional<std::uint32_t> mail_max = {};  // MAILMAX= MAIL commands in a session
  std::optional<std::uint32_t> rcpt_max = {};  // RCPTMAX= RCPT commands in a transaction
  // RCPTDOMAINMAX= domains that the RCPT commands of a session may name
  std::optional<std::uint32_t> rcpt_domain_max = {};
  friend bool operator==(const SessionLimits&, const SessionLimits&) = default;
};

struct Capabilities {
  bool pipelining = false;             // RFC 2920
  bool size = false;                   // RFC 1870
  Octets size_max = 0;                 // SIZE's parameter; 0: no fixed limit (RFC 1870 §3)
  bool eight_bit_mime = false;         // RFC 6152
  bool chunking = false;               // RFC 3030
  bool binary_mime = false;            // RFC 3030 §3
  bool smtputf8 = false;               // RFC 6531
  bool enhanced_status_codes = false;  // RFC 2034
  bool dsn = false;                    // RFC 3461
  bool starttls = false;               // RFC 3207
  bool require_tls = false;            // RFC 8689
  bool help = false;                   // RFC 5321 §4.1.1.8
  bool vrfy = false;
  bool expn = false;
  bool etrn = false;                         // RFC 1985
  std::optional<SessionLimits> limits = {};  // RFC 9422
  std::vector<std::string> auth = {};        // mechanisms, upper case (RFC 4954 §3); empty: no AUTH
  std::vector<std::string> others = {};      // lines with other keywords, as they came
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// The 250 reply to EHLO: `host` is us, `greeting` what stands after it (may be empty).
Reply ehlo_reply(std::string_view host, std::string_view greeting, const Capabilities& offered);

struct EhloReply {
  std::string host;      // the first word of the first line
  std::string greeting;  // what followed it
  Capabilities offered;
};

// Reads a positive reply to EHLO. INTEROP: lower case, "AUTH=LOGIN PLAIN" (an old form), doubled
// blanks and malformed parameters are tolerated; unknown lines go to `others`.
EhloReply parse_ehlo_reply(const Reply& reply);

}  // namespace posta::wire::smtp
