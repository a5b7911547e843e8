// cmd_vrfy.cc: VRFY asks whether an address is good.
//
//   "VRFY" SP String [SP "SMTPUTF8"] CRLF             RFC 5321 §4.1.1.6, RFC 6531 §3.7.4.2
//
// 252 for strangers: who may ask for addresses one by one can make a list of them (RFC 5321 §7.3).
#include "server/smtp/question.h"
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::vrfy(wire::smtp::Vrfy& command) {
  if (!may(config().vrfy, trusted_) && !principal_) co_return reply::cannot_vrfy;
  Result<Address> who = asked_address(command.who);
  if (!who) co_return reply::unknown_user;
  Origin asker = origin();
  asker.trusted = true;  // with this question; we have looked who asks
  Reply said = co_await server_.deps().intake.verify(std::move(asker), std::move(*who));
  utf8_reply_ = command.smtputf8;
  co_return utf8_permitted(std::move(said), command.smtputf8);
}

}  // namespace posta::server::smtp
