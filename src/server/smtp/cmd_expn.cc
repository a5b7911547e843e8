// cmd_expn.cc: EXPN asks for the members of a list.
//
//   "EXPN" SP String [SP "SMTPUTF8"] CRLF             RFC 5321 §4.1.1.7, RFC 6531 §3.7.4.2
//
// Off unless the configuration names who may ask (RFC 5321 §7.3).
#include <algorithm>

#include "server/smtp/question.h"
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::expn(wire::smtp::Expn& command) {
  if (!may(config().expn, trusted_)) co_return reply::expn_off;
  Result<Address> list = asked_address(command.list);
  if (!list) co_return reply::unknown_user;
  auto members = co_await server_.deps().router.resolve(std::move(*list));
  if (!members) co_return reply::directory_unavailable;
  std::string text;
  for (std::size_t i = 0; i < std::min(members->size(), limits().expn_members_max); ++i) {
    const mta::Destination& member = (*members)[i];
    if (std::holds_alternative<mta::NoRoute>(member.route)) continue;
    if (!text.empty()) text += '\n';
    text += "<" + member.address.str() + ">";
  }
  if (text.empty()) co_return std::get<mta::NoRoute>(members->front().route).reply;
  utf8_reply_ = command.smtputf8;
  co_return utf8_permitted(reply::recipient_ok.with(std::move(text)), command.smtputf8);
}

}  // namespace posta::server::smtp
