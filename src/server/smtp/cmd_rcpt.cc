// cmd_rcpt.cc: RCPT names one recipient of the letter being written.
//
//   "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" /
//               Forward-path ) [SP Rcpt-parameters] CRLF             RFC 5321 §4.1.1.3
//
// The recipient is judged here and not after DATA: a bad address then costs one line instead of one
// message, and we never owe a report about it.
#include "base/text.h"
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::rcpt(wire::smtp::Rcpt& command) {
  if (state_ == State::chunks) co_return reply::bdat_going_on;  // RFC 3030 §2
  rcpt_tried_ = true;
  if (recipients_refused_ > limits().recipients_refused_max && transaction_->recipients() > 0)
    co_return reply::too_many_refused;
  // RFC 5321 §4.1.1.3: only <Postmaster> may come without a domain; from the trusted anybody may.
  const bool bare = command.to.domain.empty();
  if (bare && (!trusted_ || config().submission) &&
      !equals_ignore_case(command.to.local, "postmaster")) {
    ++recipients_refused_;
    co_return reply::recipient_needs_domain;
  }
  Reply said = reply::needs_smtputf8_rcpt;  // RFC 6531 §3.5
  if (!command.international || transaction_->letter().envelope.smtputf8)
    said = co_await transaction_->rcpt(std::move(command.to), std::move(command.original));
  if (said.positive()) idle_commands_ = 0;
  if (said.permanent()) ++recipients_refused_;
  co_return said;
}

}  // namespace posta::server::smtp
