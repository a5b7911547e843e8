// smtp_transaction.h: one letter to some recipients over one session (RFC 5321 §3.3).
//
//   MAIL ── RCPT* ── DATA ── 354 ── octets ── CRLF . CRLF ── reply
//
// With PIPELINING (RFC 2920) the commands go out together. What a recipient's fate hangs on:
//
//   reply to        2xx             4xx        5xx      421, or the session broke
//   MAIL            go on           put off    failed   undecided: another host may take it
//   RCPT            go on           put off    failed   undecided
//   DATA            (354) go on     put off    failed   undecided
//   the octets                                          undecided
//   the final dot   delivered       deferred   failed   deferred: the host may have the letter
//
// Who is put off may go to another host too; if none decides, what was said here is the outcome.
//
// What MAIL, RCPT and DATA are refused with counts once it is sure that the host answers the
// command that we mean: with 354, or at the end with the answer to RSET. If not, the session is
// broken.
//
// A recipient who is one too many (452 after some were taken, RFC 5321 §4.5.3.1.10) is undecided
// too, and has the next transaction. An outcome has a host if it is in that host's words.
#pragma once

#include <optional>
#include <vector>

#include "mail/letter.h"
#include "mta/delivery/mailbox_carrier.h"
#include "mta/delivery/smtp_session.h"
#include "store/store.h"

namespace posta::mta {

struct TransactionEnd {
  std::vector<std::optional<Outcome>> each;  // of the recipients, in their order; none: undecided
  std::vector<std::optional<Outcome>> put_off;  // of those who are undecided
  // The session is good for nothing any more, and why. Nothing: it is ready for the next MAIL.
  std::optional<Outcome> broken;
  bool stopped = false;    // because we end
  bool untouched = false;  // it was broken before anything of this was answered
  bool full = false;       // the host wants the undecided in another transaction
};

// What must hold of a letter at a hop without an extension, found by reading the message.
struct Content {
  bool header_ascii = true;
  bool ascii = true;
};
// A pass over the message, in pieces.
Task<Result<Content>> examine(const store::Store& store, store::BodyRef body, Octets piece);

Task<TransactionEnd> transact(SmtpSession& session, const store::Store& store, const Letter& letter,
                              const StoredMessage& message, std::vector<const Address*> recipients,
                              const SmtpClientLimits& limits);

}  // namespace posta::mta
