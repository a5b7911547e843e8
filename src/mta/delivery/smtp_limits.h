// smtp_limits.h: how long and how much of a host that mail is sent to.
#pragma once

#include <chrono>

#include "base/limits.h"

namespace posta::mta {

// Crossing a time ends the session; its recipients go to the next host, or are deferred (4.4.2).
struct SmtpClientLimits {
  std::chrono::seconds connect_time{30};
  std::chrono::seconds greeting_time{300};  // RFC 5321 §4.5.3.2.1
  std::chrono::seconds hello_time{300};
  std::chrono::seconds tls_time{60};
  std::chrono::seconds auth_time{120};
  std::chrono::seconds mail_time{300};        // RFC 5321 §4.5.3.2.2
  std::chrono::seconds rcpt_time{300};        // RFC 5321 §4.5.3.2.3
  std::chrono::seconds data_start_time{120};  // RFC 5321 §4.5.3.2.4
  std::chrono::seconds data_block_time{180};  // RFC 5321 §4.5.3.2.5
  std::chrono::seconds data_end_time{600};    // RFC 5321 §4.5.3.2.6
  std::chrono::seconds quit_time{5};
  std::chrono::seconds stop_time{5};  // for the reply to a whole message, when posta ends

  std::size_t recipients_max = 100;          // in a transaction (RFC 5321 §4.5.3.1.8), or RCPTMAX
  std::size_t pipelined_max = 50;            // commands sent before their replies are read
  std::size_t session_letters_max = 100;     // letters in a session, or MAILMAX
  std::size_t hosts_tried_max = 5;           // connections of one attempt
  std::size_t idle_sessions_max = 64;        // open for the next letter, of all destinations
  std::chrono::seconds idle_time{5};         // how long one stays open
  Octets piece_octets = 64_KiB;              // of a message in memory at one time
  std::size_t reply_octets_kept_max = 1000;  // of a reply, in the queue and in reports
};

}  // namespace posta::mta
