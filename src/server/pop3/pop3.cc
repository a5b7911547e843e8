#include "server/pop3/pop3.h"

#include "server/pop3/events.h"
#include "server/pop3/session.h"

namespace posta::server {

Task<> Pop3Server::serve(std::unique_ptr<net::Transport> transport) {
  Executor& executor = co_await runtime::this_executor();
  net::Stream stream(executor, std::move(transport));
  const net::IpAddress ip = stream.peer().ip;
  const std::shared_ptr<const Config> config = config_;
  auto seat = deps_.census.enter(ip, config->reception.trusted.contain(ip));
  if (!seat) {
    deps_.events.emit({pop3::event::kConnectionRefused,
                       {{"service", config->reception.service},
                        {"peer", ip.str()},
                        {"why", seat.error() == Census::Full::sessions ? "sessions" : "address"}}});
    // To who begins with TLS nothing can be said before it, and a handshake is more than a refusal
    // should cost.
    if (config->reception.implicit_tls) co_return;
    stream.set_timeout(config->limits.send_timeout);
    wire::pop3::print_reply(
        stream.out(),
        wire::pop3::Reply::no("Too many connections, try again later", wire::pop3::Code::sys_temp));
    co_await stream.flush();
    co_return;
  }
  Sessions::Presence presence(deps_.sessions, stream);
  pop3::Session session(*this, stream, deps_.census.new_session_id(executor.wall()));
  co_await session.run();
}

}  // namespace posta::server
