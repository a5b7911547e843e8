// Connections through a proxy, on virtual time.
#include "server/session/proxied.h"

#include <gtest/gtest.h>

#include "net/sim/peer.h"
#include "net/sim/sim_network.h"
#include "runtime/sleep.h"

namespace posta::server {
namespace {

using namespace std::chrono_literals;

net::Endpoint at(std::string_view text) {
  return *net::Endpoint::parse(text);
}

// Says who it believes is there, then what it hears, in capitals.
class Who final : public Service {
 public:
  Task<> serve(std::unique_ptr<net::Transport> transport) override {
    Executor& executor = co_await runtime::this_executor();
    net::Stream stream(executor, std::move(transport));
    stream.put(stream.peer().str() + " " + stream.local().str() + ";");
    while (stream.input().find('.') == std::string_view::npos)
      if (!co_await stream.fill()) co_return;
    stream.put(stream.input());
    stream.consume(stream.input().size());
    co_await stream.flush();
  }
};

struct Fixture {
  explicit Fixture(Networks proxies)
      : gate({who, sessions, events}, "smtp", std::move(proxies), {}) {
    sessions.serve(*network.listen(executor, at("127.0.0.1:25")), gate);
  }
  runtime::sim::SimExecutor executor{7};
  net::sim::SimNetwork network{executor};
  Sessions sessions{executor};
  Who who;
  NoEvents events;
  BehindProxy gate;
};

// What a client hears that says `octets`, and how long it took.
Task<> talk(Fixture& f, std::string octets, std::string& heard, Duration& took) {
  auto peer = co_await net::sim::Peer::dial(f.network, at("127.0.0.1:25"));
  CHECK(peer);
  Instant before = f.executor.now();
  co_await (*peer)->say(std::move(octets));
  auto rest = co_await (*peer)->rest();
  if (rest) heard = *std::move(rest);
  took = f.executor.now() - before;
  peer->reset();
  co_await f.sessions.close(1s);
}

std::string heard_after(std::string octets, Duration* took = nullptr,
                        Networks proxies = Networks::loopback()) {
  Fixture f(std::move(proxies));
  std::string heard;
  Duration time{};
  f.executor.run_task(talk(f, std::move(octets), heard, time));
  if (took) *took = time;
  return heard;
}

net::ProxyHeader header_of(std::string_view source, std::string_view destination) {
  net::ProxyHeader header;
  header.ends = net::ProxyEnds{at(source), at(destination)};
  return header;
}

TEST(BehindProxy, TheServiceSeesTheClientAndNotTheProxy) {
  auto header = header_of("192.0.2.7:4711", "198.51.100.1:25");
  EXPECT_EQ(heard_after(net::print_proxy_v1(header.ends) + "hello."),
            "192.0.2.7:4711 198.51.100.1:25;hello.");
  EXPECT_EQ(heard_after(net::print_proxy_v2(header) + "hello."),
            "192.0.2.7:4711 198.51.100.1:25;hello.");
}

TEST(BehindProxy, AHealthCheckKeepsItsOwnEnds) {
  std::string heard = heard_after(net::print_proxy_v2({}) + "x.");
  EXPECT_TRUE(heard.starts_with("127.0.0.1:")) << heard;
  EXPECT_TRUE(heard.ends_with(" 127.0.0.1:25;x.")) << heard;
}

TEST(BehindProxy, WithoutAHeaderNothingIsSaid) {
  EXPECT_EQ(heard_after("EHLO me\r\n"), "");
  EXPECT_EQ(heard_after("PROXY TCP4 nonsense\r\nhello."), "");
}

TEST(BehindProxy, WhoIsNoProxyOfOursIsNotHeard) {
  auto header = header_of("192.0.2.7:4711", "198.51.100.1:25");
  EXPECT_EQ(heard_after(net::print_proxy_v1(header.ends) + "hello.", nullptr,
                        Networks({*net::IpNetwork::parse("192.0.2.0/24")})),
            "");
}

TEST(BehindProxy, LimitHeaderTimeoutClosesTheConnection) {
  Duration took{};
  EXPECT_EQ(heard_after("PROXY TC", &took), "");
  EXPECT_GE(took, 5s);
  EXPECT_LT(took, 6s);
}

}  // namespace
}  // namespace posta::server
