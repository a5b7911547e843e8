#include "server/imap/imap.h"

#include "server/imap/events.h"
#include "server/imap/session.h"
#include "server/session/doorway.h"

namespace posta::server {

Task<> ImapServer::serve(std::unique_ptr<net::Transport> transport) {
  Executor& executor = co_await runtime::this_executor();
  net::Stream stream(executor, std::move(transport));
  const std::shared_ptr<const Config> config = config_;
  auto seat = take_seat(deps_.census, stream, config->reception);
  if (!seat) {
    deps_.events.emit({imap::event::kConnectionRefused,
                       {{"service", config->reception.service},
                        {"peer", stream.peer().ip.str()},
                        {"why", to_string(seat.error())}}});
    co_return co_await turn_away(stream, config->reception, config->limits.send_timeout,
                                 "* BYE [UNAVAILABLE] Too many connections, try again later\r\n");
  }
  Sessions::Presence presence(deps_.sessions, stream);
  imap::Session session(*this, stream, deps_.census.new_session_id(executor.wall()));
  co_await session.run();
}

}  // namespace posta::server
