// letter.h: a letter is an envelope, a message and where they came from.
//
// RFC 5321 §2.3.1 calls it a mail object. It is written by a session, judged and stamped by intake,
// and from admission on it is what the queue owes to its recipients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mail/address.h"
#include "mail/ids.h"
#include "mail/time.h"

namespace posta {

// One delivery obligation.
struct Recipient {
  Address address;       // the forward path (RFC 5321 §3.3), domain always present
  std::string original;  // as the client wrote it, for DSNs (RFC 3464 §2.3.1) and X-Original-To
};

struct Envelope {
  ReversePath from;
  std::vector<Recipient> recipients;
  bool smtputf8 = false;                       // RFC 6531 §3.4
  bool eight_bit = false;                      // BODY=8BITMIME, RFC 6152 §3
  std::optional<std::uint64_t> size_declared;  // SIZE=, RFC 1870 §4, octets
};

// How the letter reached us. What Received says (RFC 5321 §4.4) and what logs and traces show.
struct Origin {
  enum class Via { smtp, submission, lmtp, command, internal };
  Via via = Via::smtp;
  std::string session;  // of the server that took it, as in its events; not kept in the queue
  std::string peer;     // "192.0.2.7" or "IPv6:2001:db8::1"; empty if not by network
  std::string helo;     // what the client called itself
  std::string
      protocol;  // the `with` word: SMTP, ESMTP, UTF8SMTP, ESMTPSA (RFC 3848, RFC 6531 §4.3)
  std::string tls = {};  // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: in clear; not kept in the queue
  // Of a command: names this handing in. A second letter of that name is Error{conflict} to the
  // queue. Not kept in the letter's record.
  std::string submission = {};
  AccountId authenticated;   // 0 if nobody proved who they are
  bool trusted = false;      // from loopback or a trusted network
  bool peer_hidden = false;  // Received says nothing of the peer; not kept in the queue
  WallTime received;
};

struct Letter {
  QueueId id;
  Origin origin;
  Envelope envelope;
};

}  // namespace posta
