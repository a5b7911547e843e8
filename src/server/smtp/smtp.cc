#include "server/smtp/smtp.h"

#include "net/stream.h"
#include "server/session/doorway.h"
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

Task<> SmtpServer::serve(std::unique_ptr<net::Transport> transport, smtp::Typing typing) {
  Executor& executor = co_await runtime::this_executor();
  net::Stream stream(executor, std::move(transport));
  const std::shared_ptr<const Config> config = config_;
  auto seat = take_seat(deps_.census, stream, config->reception);
  if (!seat) {
    deps_.events.emit({smtp::event::kConnectionRefused,
                       {{"service", config->reception.service},
                        {"peer", stream.peer().ip.str()},
                        {"why", to_string(seat.error())}}});
    co_return co_await turn_away(stream, config->reception, config->limits.linger,
                                 wire::smtp::to_octets(reply::too_many_connections));
  }
  Sessions::Presence presence(deps_.sessions, stream);
  smtp::Session session(*this, stream, deps_.census.new_session_id(executor.wall()), typing);
  co_await session.run();
}

}  // namespace posta::server
