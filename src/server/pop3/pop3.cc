#include "server/pop3/pop3.h"

#include "server/pop3/events.h"
#include "server/pop3/session.h"
#include "server/session/doorway.h"

namespace posta::server {

Task<> Pop3Server::serve(std::unique_ptr<net::Transport> transport) {
  Executor& executor = co_await runtime::this_executor();
  net::Stream stream(executor, std::move(transport));
  const std::shared_ptr<const Config> config = config_;
  auto seat = take_seat(deps_.census, stream, config->reception);
  if (!seat) {
    deps_.events.emit({pop3::event::kConnectionRefused,
                       {{"service", config->reception.service},
                        {"peer", stream.peer().ip.str()},
                        {"why", to_string(seat.error())}}});
    std::string no;
    wire::pop3::print_reply(no, wire::pop3::Reply::no("Too many connections, try again later",
                                                      wire::pop3::Code::sys_temp));
    co_return co_await turn_away(stream, config->reception, config->limits.send_timeout,
                                 std::move(no));
  }
  Sessions::Presence presence(deps_.sessions, stream);
  pop3::Session session(*this, stream, deps_.census.new_session_id(executor.wall()));
  co_await session.run();
}

}  // namespace posta::server
