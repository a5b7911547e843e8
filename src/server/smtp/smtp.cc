#include "server/smtp/smtp.h"

#include "net/stream.h"
#include "server/smtp/events.h"
#include "server/smtp/session.h"
#include "wire/smtp/replies.h"
#include "wire/smtp/reply.h"

namespace posta::server {

namespace reply = wire::smtp::reply;

SmtpServer::SmtpServer(Deps deps, Config config) : deps_(deps), config_(std::move(config)) {
  if (config_.reception.service.empty()) config_.reception.service = "smtp";
  if (config_.reception.banner.empty()) config_.reception.banner = "ESMTP posta";
}

Task<> SmtpServer::serve(std::unique_ptr<net::Transport> transport) {
  Executor& executor = co_await runtime::this_executor();
  net::Stream stream(executor, std::move(transport));
  const net::IpAddress ip = stream.peer().ip;
  auto seat = deps_.census.enter(ip, config_.reception.trusted.contain(ip));
  if (!seat) {
    deps_.events.emit({smtp::event::kConnectionRefused,
                       {{"service", config_.reception.service},
                        {"peer", ip.str()},
                        {"why", seat.error() == Census::Full::sessions ? "sessions" : "address"}}});
    stream.set_timeout(config_.limits.linger);
    stream.put(wire::smtp::to_octets(reply::too_many_connections));
    co_await stream.flush();
    co_return;
  }
  Sessions::Presence presence(deps_.sessions, stream);
  smtp::Session session(*this, stream, deps_.census.new_session_id(executor.wall()));
  co_await session.run();
}

}  // namespace posta::server
