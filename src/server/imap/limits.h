// limits.h: how much one IMAP session may ask of us. Each crossing has its reply and a dialogue in
// tests/dialogs/imap (limit-*.dialog); those of the grammar are in wire/imap/limits.h.
#pragma once

#include <chrono>

#include "base/limits.h"
#include "wire/imap/limits.h"

namespace posta::server::imap {

struct Limits {
  wire::imap::Limits wire;

  // RFC 3501 §5.4: "the duration of that timer MUST be at least 30 minutes".
  std::chrono::seconds idle_timeout{1860};
  // From the connection to a login. DEVIATION from RFC 3501 §5.4, whose 30 minutes are for whoever
  // is inactive in any state: who has not said who they are holds a session that others need, and
  // loses nothing by connecting anew.
  std::chrono::seconds login_timeout{180};
  std::size_t commands_before_login_max = 100;  // in a session
  std::chrono::seconds send_timeout{300};       // a client that takes no octets
  std::chrono::seconds message_timeout{300};    // of APPEND: nothing comes
  std::size_t errors_max = 50;                  // BAD in a row: no OK between
  std::size_t logins_max = 5;                   // failed logins in a session
  std::size_t sessions_per_account_max = 100;
  Octets message_octets_max = 50_MiB;   // of APPEND
  Octets refused_octets_max = 100_MiB;  // of a message that is passed over
  Octets replies_octets_max = 128_KiB;  // replies kept in memory before they are sent
  Octets read_octets = 64_KiB;          // of a message, read at a time
  Octets header_octets_max = 1_MiB;     // of a header in which fields are looked for
  Octets text_octets_max = 16_MiB;      // of a part that SEARCH looks into
  std::size_t id_fields_max = 30;       // RFC 2971 §3.3
  // After the last reply we read on for so long, and so much, that a client which is still sending
  // gets to see the reply instead of a reset.
  std::chrono::seconds linger{2};
  Octets linger_octets_max = 1_MiB;
};

inline constexpr LimitInfo kLimits[] = {
    {"imap.idle_timeout", "seconds", "* BYE", "RFC 3501 §5.4"},
    {"imap.login_timeout", "seconds", "* BYE", "RFC 3501 §5.4"},
    {"imap.commands_before_login_max", "commands", "* BYE", ""},
    {"imap.send_timeout", "seconds", "end of session", ""},
    {"imap.message_timeout", "seconds", "* BYE", ""},
    {"imap.errors_max", "commands", "BAD, * BYE", ""},
    {"imap.logins_max", "logins", "NO, * BYE", ""},
    {"imap.sessions_per_account_max", "sessions", "NO [LIMIT]", "RFC 5530 §3"},
    {"imap.message_octets_max", "octets", "NO [TOOBIG]", "RFC 7889 §4"},
    {"imap.refused_octets_max", "octets", "* BYE [TOOBIG]", "RFC 7888 §4"},
    {"imap.replies_octets_max", "octets", "sent at once", ""},
    {"imap.read_octets", "octets", "read in pieces", ""},
    {"imap.header_octets_max", "octets", "later fields are not found", ""},
    {"imap.text_octets_max", "octets", "the rest is not searched", ""},
    {"imap.id_fields_max", "fields", "BAD", "RFC 2971 §3.3"},
    {"imap.linger", "seconds", "the connection is closed", ""},
    {"imap.linger_octets_max", "octets", "the connection is closed", ""},
};

}  // namespace posta::server::imap
