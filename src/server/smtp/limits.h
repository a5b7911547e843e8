// limits.h: how much one SMTP session may ask of us. Each crossing has its reply, and a dialogue in
// tests/dialogs/smtp that crosses it (limit-*.dialog).
#pragma once

#include <chrono>

#include "base/limits.h"
#include "wire/smtp/limits.h"

namespace posta::server::smtp {

struct Limits {
  wire::smtp::Limits wire;  // octets of a command line, and beyond

  // A whole command line must come within this time, so that an octet a minute is of no use.
  std::chrono::seconds command_timeout{300};  // RFC 5321 §4.5.3.2.7 asks for at least 5 minutes
  // The next octets of a message must come within this time; the client gives us 3 minutes to take
  // a block (RFC 5321 §4.5.3.2.5), we give it as much to send one.
  std::chrono::seconds data_timeout{180};
  // A message must come at this rate once the grace is over: it may take
  // data_grace + octets / data_rate_min.
  std::chrono::seconds data_grace{600};
  Octets data_rate_min = 128;  // octets a second
  // A session that is not in a transaction ends at this age; connecting anew costs little.
  std::chrono::seconds session_life_max{6 * 3600};

  std::size_t errors_max = 20;               // commands answered 500 to 504 or 555 in a session
  std::size_t unrecognised_max = 10;         // commands answered "unrecognised" in a session
  std::size_t recipients_refused_max = 100;  // RCPT answered 5yz in a session
  std::size_t logins_max = 5;                // AUTH that failed in a session
  std::size_t commands_max = 500;            // commands since the last accepted letter or recipient
  std::size_t letters_max = 10000;  // MAIL commands in a session; LIMITS MAILMAX (RFC 9422)
  // Octets of a message that is refused already, read only to find its end.
  Octets refused_octets_max = 256_MiB;

  Octets replies_octets_max = 64_KiB;  // replies kept for a pipelining client before they are sent
  std::size_t expn_members_max = 100;  // members in one reply to EXPN
  // After the last reply we read on for so long, and so much, that a client which is still sending
  // gets to see the reply instead of a reset.
  std::chrono::seconds linger{2};
  Octets linger_octets_max = 1_MiB;
};

inline constexpr LimitInfo kLimits[] = {
    {"smtp.command_timeout", "seconds", "421 4.4.2", "RFC 5321 §4.5.3.2.7"},
    {"smtp.data_timeout", "seconds", "421 4.4.2", "RFC 5321 §4.5.3.2.5"},
    {"smtp.data_grace", "seconds", "421 4.4.2", ""},
    {"smtp.data_rate_min", "octets a second", "421 4.4.2", ""},
    {"smtp.session_life_max", "seconds", "421 4.4.2", ""},
    {"smtp.errors_max", "commands", "421 4.7.0", ""},
    {"smtp.unrecognised_max", "commands", "421 4.7.0", ""},
    {"smtp.recipients_refused_max", "recipients", "421 4.7.0", ""},
    {"smtp.logins_max", "logins", "421 4.7.0", "RFC 4954 §9"},
    {"smtp.commands_max", "commands", "421 4.7.0", ""},
    {"smtp.letters_max", "letters", "421 4.7.0", "RFC 9422"},
    {"smtp.refused_octets_max", "octets", "421 4.7.0", ""},
    {"smtp.replies_octets_max", "octets", "sent at once", "RFC 2920 §3.2"},
    {"smtp.expn_members_max", "members", "250, the list is cut", ""},
    {"smtp.linger", "seconds", "the connection is closed", ""},
    {"smtp.linger_octets_max", "octets", "the connection is closed", ""},
};

}  // namespace posta::server::smtp
