// cmd_not_spoken.cc: what we know and do not speak.
//
// TURN is insecure (RFC 5321 Appendix F.1); SEND, SOML, SAML are obsolete (Appendix F.6); ETRN and
// ATRN are not offered. An HTTP request was made by a program that somebody has led here: the
// session ends before its headers could be read as commands.
#include "base/text.h"
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::not_spoken(wire::smtp::NotSpoken&) {
  co_return reply::not_implemented;
}

Task<Reply> Session::wrong_protocol(wire::smtp::WrongProtocol&) {
  last_word(reply::wrong_protocol, End::protocol);
  co_return Reply();
}

Task<Reply> Session::unknown(wire::smtp::Unknown&) {
  co_return reply::unrecognised;
}

}  // namespace posta::server::smtp
