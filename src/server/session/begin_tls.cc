#include "server/session/begin_tls.h"

#include "base/check.h"

namespace posta::server {

runtime::Task<std::unique_ptr<net::TlsInfo>> begin_tls(net::Stream& stream,
                                                       const Reception& reception, Events& events,
                                                       std::string session) {
  CHECK(reception.tls);
  std::string peer = stream.peer().ip.str();
  if (std::size_t octets = stream.input().size(); octets > 0) {
    events.emit(
        {event::kTlsEarlyInput,
         {{"service", reception.service}, {"session", session}, {"peer", peer}, {"octets", octets}},
         Severity::warning});
    stream.consume(octets);
  }
  auto shaken = co_await net::accept_tls(stream, reception.tls, kHandshakeTimeout);
  if (!shaken) {
    events.emit({event::kTlsFailed,
                 {{"service", reception.service},
                  {"session", session},
                  {"peer", peer},
                  {"error", shaken.error().what}}});
    co_return nullptr;
  }
  events.emit({event::kTlsStarted,
               {{"service", reception.service},
                {"session", session},
                {"peer", peer},
                {"version", shaken->version},
                {"cipher", shaken->cipher},
                {"server_name", shaken->server_name},
                {"resumed", shaken->resumed ? "yes" : "no"}},
               Severity::debug});
  co_return std::make_unique<net::TlsInfo>(*std::move(shaken));
}

std::string tls_words(const net::TlsInfo* tls) {
  return tls ? tls->version + " " + tls->cipher : std::string();
}

}  // namespace posta::server
