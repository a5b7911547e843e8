// cmd_starttls.cc: STARTTLS (RFC 3501 §6.2.1).
//
// What the client sent after the command, before the handshake, is dropped unread: somebody else
// may have put it there (RFC 3501 §6.2.1, RFC 7457 §2.2).

#include "server/imap/events.h"
#include "server/imap/session.h"

namespace posta::server::imap {

Task<Reply> Session::starttls(wi::StartTls&) {
  if (!config().reception.tls) co_return Reply::bad("There is no TLS here");
  if (tls_) co_return Reply::bad("There is TLS already");
  say(tag_, Reply::ok("Begin the TLS handshake"));
  co_await flush();
  if (end_ != End::open) co_return Reply::later();
  stream_.consume(stream_.input().size());
  co_await begin_tls();
  co_return Reply::later();
}

Task<bool> Session::begin_tls() {
  auto info = co_await net::accept_tls(stream_, config().reception.tls,
                                       login_by_ - stream_.executor().now());
  if (!info) {
    server_.deps().events.emit({event::kTlsFailed,
                                {{"session", id_},
                                 {"peer", stream_.peer().ip.str()},
                                 {"error", describe(info.error())}},
                                Severity::debug});
    end_ = End::closed;
    co_return false;
  }
  tls_ = std::make_unique<net::TlsInfo>(*std::move(info));
  server_.deps().events.emit({event::kTls,
                              {{"session", id_},
                               {"version", tls_->version},
                               {"cipher", tls_->cipher},
                               {"name", tls_->server_name}},
                              Severity::debug});
  co_return true;
}

}  // namespace posta::server::imap
