// limits.h: how much one POP3 session may ask of us. Each crossing has its reply and a dialogue in
// tests/dialogs/pop3 (limit-*.dialog).
#pragma once

#include <chrono>

#include "base/limits.h"
#include "wire/pop3/limits.h"

namespace posta::server::pop3 {

struct Limits {
  wire::pop3::Limits wire;  // octets of a command line

  // RFC 1939 §3: "Such a timer MUST be of at least 10 minutes' duration."
  std::chrono::seconds idle_timeout{600};
  // From the connection to a login. DEVIATION from RFC 1939 §3, whose 10 minutes are for whoever is
  // inactive in any state: who has not said who they are holds a session that others need, and
  // loses nothing by connecting anew.
  std::chrono::seconds login_timeout{180};
  std::size_t commands_before_login_max = 100;  // in a session
  std::chrono::seconds send_timeout{300};       // a client that takes no octets
  std::size_t errors_max = 20;                  // -ERR to commands in a session
  std::size_t logins_max = 3;                   // failed logins in a session
  Octets replies_octets_max = 64_KiB;           // replies kept for a pipelining client
  Octets read_octets = 64_KiB;                  // of a message, read at a time
  // After the last reply we read on for so long, and so much, that a client which is still sending
  // gets to see the reply instead of a reset.
  std::chrono::seconds linger{2};
  Octets linger_octets_max = 1_MiB;
};

inline constexpr LimitInfo kLimits[] = {
    {"pop3.idle_timeout", "seconds", "-ERR, end of session", "RFC 1939 §3"},
    {"pop3.login_timeout", "seconds", "-ERR, end of session", "RFC 1939 §3"},
    {"pop3.commands_before_login_max", "commands", "-ERR, end of session", ""},
    {"pop3.send_timeout", "seconds", "end of session", ""},
    {"pop3.errors_max", "commands", "-ERR, end of session", ""},
    {"pop3.logins_max", "logins", "-ERR [AUTH], end of session", ""},
    {"pop3.replies_octets_max", "octets", "sent at once", ""},
    {"pop3.read_octets", "octets", "read in pieces", ""},
    {"pop3.linger", "seconds", "the connection is closed", ""},
    {"pop3.linger_octets_max", "octets", "the connection is closed", ""},
};

}  // namespace posta::server::pop3
