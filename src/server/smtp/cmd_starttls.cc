// cmd_starttls.cc: STARTTLS, and then everything is said again, in TLS.
//
//   "STARTTLS" CRLF                                                  RFC 3207 §4
//
//   220, the handshake, and the state after the greeting; 454 without TLS here; 501 with parameters
//   (wire/smtp); 502 by hand; 503 in TLS.
#include "server/session/begin_tls.h"
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::starttls(wire::smtp::StartTls&) {
  if (tls_) co_return reply::already_tls;
  if (begun_by_hand()) co_return reply::not_by_hand;
  if (!config().reception.tls) co_return reply::tls_unavailable;
  say(reply::ready_for_tls);
  co_await flush();
  if (end_ == End::open) co_await enter_tls();
  co_return Reply();
}

// RFC 3207 §4.2: "the SMTP protocol is reset to the initial state (the state in SMTP after a server
// issues a 220 service ready greeting)", and "The server MUST discard any knowledge obtained from
// the client".
Task<> Session::enter_tls() {
  forget_letter();
  helo_.clear();
  extended_ = false;
  if (state_ != State::refused) state_ = State::begun;
  lines_ = wire::smtp::LineReader(limits().wire);  // nobody types TLS by hand
  allow_long_lines();
  principal_.reset();
  line_deadline_.reset();
  tls_ = co_await begin_tls(stream_, config().reception, server_.deps().events, id_);
  if (!tls_) end_ = End::tls;
}

}  // namespace posta::server::smtp
