#include "server/smtp/smtp.h"

#include "net/stream.h"
#include "server/smtp/events.h"
#include "server/smtp/session.h"
#include "wire/smtp/replies.h"
#include "wire/smtp/reply.h"

namespace posta::server {

namespace reply = wire::smtp::reply;

SmtpServer::SmtpServer(Deps deps, Config config) : deps_(deps) {
  configure(std::move(config));
}

void SmtpServer::configure(Config config) {
  if (config.reception.service.empty()) config.reception.service = "smtp";
  if (config.reception.banner.empty()) config.reception.banner = "ESMTP posta";
  config_ = std::make_shared<const Config>(std::move(config));
}

Task<> SmtpServer::serve(std::unique_ptr<net::Transport> transport) {
  Executor& executor = co_await runtime::this_executor();
  net::Stream stream(executor, std::move(transport));
  const net::IpAddress ip = stream.peer().ip;
  const std::shared_ptr<const Config> config = config_;
  auto seat = deps_.census.enter(ip, config->reception.trusted.contain(ip));
  if (!seat) {
    deps_.events.emit({smtp::event::kConnectionRefused,
                       {{"service", config->reception.service},
                        {"peer", ip.str()},
                        {"why", seat.error() == Census::Full::sessions ? "sessions" : "address"}}});
    // To who begins with TLS nothing can be said before it, and a handshake is more than a refusal
    // should cost.
    if (config->reception.implicit_tls) co_return;
    stream.set_timeout(config->limits.linger);
    stream.put(wire::smtp::to_octets(reply::too_many_connections));
    co_await stream.flush();
    co_return;
  }
  Sessions::Presence presence(deps_.sessions, stream);
  smtp::Session session(*this, stream, deps_.census.new_session_id(executor.wall()));
  co_await session.run();
}

}  // namespace posta::server
