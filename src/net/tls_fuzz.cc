// Bounded, and nothing believed: whatever octets come where TLS should begin, the server's
// handshake ends in an Error (or waits for more, until the end), and no octet of them becomes
// input.
#include "base/check.h"
#include "net/sim/peer.h"
#include "net/sim/sim_network.h"
#include "net/tls.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"

namespace posta::net {
namespace {

Task<> client(sim::SimNetwork& network, Endpoint to, std::string octets) {
  auto peer = co_await sim::Peer::dial(network, to);
  CHECK(peer);
  co_await (*peer)->say(std::move(octets));
  (*peer)->stream().shutdown_write();
  co_await (*peer)->rest();
}

Task<> server(runtime::Executor& executor, Listener& listener, std::shared_ptr<TlsServer> tls) {
  auto transport = co_await listener.accept(nullptr);
  CHECK(transport);
  Stream stream(executor, std::move(*transport));
  auto shaken = co_await accept_tls(stream, std::move(tls), std::chrono::seconds(1));
  CHECK(!shaken);  // nobody guesses a Finished
  CHECK(stream.input().empty());
  stream.put("in clear");
  CHECK(!co_await stream.flush());
}

Task<> both(runtime::sim::SimExecutor& executor, sim::SimNetwork& network,
            std::shared_ptr<TlsServer> tls, std::string octets) {
  Endpoint here{*IpAddress::parse("127.0.0.1"), 25};
  auto listener = network.listen(executor, here);
  CHECK(listener);
  runtime::Nursery nursery(executor);
  nursery.spawn(client(network, here, std::move(octets)));
  nursery.spawn(server(executor, **listener, std::move(tls)));
  co_await nursery.join();
}

void one(std::string octets) {
  static const TlsCertificate certificate = self_signed_certificate(
      {"mx.example.org"}, WallTime(std::chrono::years(55)), std::chrono::days(36500));
  static const auto tls = TlsServer::create({.certificates = {certificate}});
  CHECK(tls);
  runtime::sim::SimExecutor executor(octets.size());
  sim::SimNetwork network(executor);
  executor.run_task(both(executor, network, *tls, std::move(octets)));
}

}  // namespace
}  // namespace posta::net

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  posta::net::one(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
