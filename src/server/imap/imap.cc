#include "server/imap/imap.h"

#include "server/imap/events.h"
#include "server/imap/session.h"

namespace posta::server {

Task<> ImapServer::serve(std::unique_ptr<net::Transport> transport) {
  Executor& executor = co_await runtime::this_executor();
  net::Stream stream(executor, std::move(transport));
  const net::IpAddress ip = stream.peer().ip;
  auto seat = deps_.census.enter(ip, config_->reception.trusted.contain(ip));
  if (!seat) {
    deps_.events.emit({imap::event::kConnectionRefused,
                       {{"service", config_->reception.service},
                        {"peer", ip.str()},
                        {"why", seat.error() == Census::Full::sessions ? "sessions" : "address"}}});
    // With implicit TLS nobody could read it.
    if (config_->reception.implicit_tls) co_return;
    stream.set_timeout(config_->limits.send_timeout);
    stream.put("* BYE [UNAVAILABLE] Too many connections, try again later\r\n");
    co_await stream.flush();
    co_return;
  }
  Sessions::Presence presence(deps_.sessions, stream);
  imap::Session session(*this, stream, deps_.census.new_session_id(executor.wall()));
  co_await session.run();
}

}  // namespace posta::server
