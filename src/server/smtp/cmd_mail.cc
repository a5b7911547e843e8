// cmd_mail.cc: MAIL begins a letter.
//
//   "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF             RFC 5321 §4.1.1.2
//
// SIZE= is judged by intake, at once: a message too big then costs one line (RFC 1870 §6.1).
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::mail(wire::smtp::Mail& command) {
  if (++mails_ > limits().letters_max) {  // announced as LIMITS MAILMAX (RFC 9422)
    last_word(reply::too_many_commands.with("Too many letters in one session, connect again"),
              End::limit);
    co_return Reply();
  }
  // RFC 6409 §4.2: what is submitted has whole addresses.
  if (command.from && command.from->domain.empty() && (!trusted_ || config().submission))
    co_return reply::sender_needs_domain;
  // Switched off is said by intake, as for every letter; here what only the session knows.
  if (principal_) {
    auto standing =
        co_await server_.deps().logins->standing(principal_->account, principal_->credential);
    if (standing == directory::Standing::revoked)
      co_return Reply(421, {4, 7, 0}, std::string(farewell(standing)));
  }
  // AUTH= (RFC 4954 §5) says who somebody else thinks has written this. Users are not believed in
  // that, and what is sent on carries none: as if it were AUTH=<>.
  Origin from = origin();
  if (command.smtputf8) from.protocol = protocol(true);
  mta::MailArguments arguments{.from = std::move(command.from),
                               .size = command.size,
                               .eight_bit = command.body == wire::smtp::Mail::Body::eight_bit_mime,
                               .smtputf8 = command.smtputf8};
  auto [said, transaction] =
      co_await server_.deps().intake.mail(std::move(from), std::move(arguments));
  if (transaction) {
    transaction_ = std::move(transaction);
    state_ = State::letter;
  }
  co_return said;
}

}  // namespace posta::server::smtp
