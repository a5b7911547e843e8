// cmd_stls.cc: STLS, and then everything is said again, in TLS.
//
//   "STLS" CRLF          +OK and the handshake, or -ERR               RFC 2595 §4
//
// Only before the login; the session stays in the AUTHORIZATION state. There is no second greeting.
#include "server/pop3/session.h"
#include "server/session/begin_tls.h"

namespace posta::server::pop3 {

Task<> Session::stls(wire::pop3::Stls&) {
  if (tls_) {
    say(Reply::no("TLS is on already"));
    co_return;
  }
  if (!config().reception.tls) {
    say(Reply::no("TLS is not available now", Code::sys_temp));
    co_return;
  }
  say(Reply::yes("Begin the TLS handshake"));
  co_await flush();
  if (end_ == End::open) co_await enter_tls();
}

// What RFC 3207 §4.2 says of SMTP holds here too: what came before TLS is worth nothing.
Task<> Session::enter_tls() {
  user_.clear();
  utf8_ = false;
  lines_ = wire::pop3::LineReader(limits().wire);
  allow_long_lines();
  tls_ = co_await begin_tls(stream_, config().reception, server_.deps().events, id_);
  if (!tls_) end_ = End::tls;
}

}  // namespace posta::server::pop3
