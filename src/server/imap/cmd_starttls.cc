// cmd_starttls.cc: STARTTLS (RFC 3501 §6.2.1).
//
// What the client sent after the command, before the handshake, is dropped unread: somebody else
// may have put it there (RFC 3501 §11.1).

#include "server/imap/session.h"
#include "server/session/begin_tls.h"

namespace posta::server::imap {

Task<Reply> Session::starttls(wi::StartTls&) {
  if (!config().reception.tls) co_return Reply::bad("There is no TLS here");
  if (tls_) co_return Reply::bad("There is TLS already");
  say(tag_, Reply::ok("Begin the TLS handshake"));
  co_await flush();
  if (end_ != End::open) co_return Reply::later();
  co_await begin_tls();
  co_return Reply::later();
}

Task<bool> Session::begin_tls() {
  tls_ = co_await server::begin_tls(stream_, config().reception, server_.deps().events, id_);
  if (!tls_) end_ = End::tls;
  co_return tls_ != nullptr;
}

}  // namespace posta::server::imap
