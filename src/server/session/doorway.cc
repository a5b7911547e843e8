#include "server/session/doorway.h"

namespace posta::server {

std::expected<Census::Seat, Census::Full> take_seat(Census& census, const net::Stream& stream,
                                                    const Reception& reception) {
  const net::IpAddress& ip = stream.peer().ip;
  return census.enter(ip, reception.trusted.contain(ip));
}

std::string_view to_string(Census::Full full) {
  switch (full) {
    case Census::Full::sessions: return "sessions";
    case Census::Full::address: return "address";
    case Census::Full::descriptors: return "descriptors";
  }
  return "?";
}

runtime::Task<> turn_away(net::Stream& stream, const Reception& reception, Duration timeout,
                          std::string last_word) {
  if (reception.implicit_tls) co_return;
  stream.set_timeout(timeout);
  stream.put(last_word);
  co_await stream.flush();
}

runtime::Task<> linger(net::Stream& stream, Duration time, Octets octets_max, bool farewell) {
  stream.set_timeout(time);
  stream.set_deadline(stream.executor().now() + time);
  if (!co_await stream.flush()) co_return;
  stream.shutdown_write();
  if (farewell && stream.input().empty()) co_return;
  for (Octets passed = 0; passed <= octets_max;) {
    passed += stream.input().size();
    stream.consume(stream.input().size());
    if (!co_await stream.fill()) co_return;
  }
}

}  // namespace posta::server
