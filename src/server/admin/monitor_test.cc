// The monitor over simulated sockets.
#include "server/admin/monitor.h"

#include "net/sim/sim_network.h"
#include "net/stream.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "runtime/sleep.h"

namespace posta::server {
namespace {

using namespace std::chrono_literals;
using net::sim::SimNetwork;
using runtime::sim::SimExecutor;

struct World {
  explicit World(std::uint64_t seed, MonitorLimits limits = {})
      : executor(seed),
        network(executor),
        census({.sessions_max = limits.sessions_max, .sessions_per_address_max = 100}),
        sessions(executor),
        monitor({census, sessions, []() -> Task<std::string> { co_return "posta_up 1\n"; },
                 [this]() -> Task<std::string> { co_return trouble; }},
                limits) {
    auto listener = network.listen(executor, *net::Endpoint::parse("127.0.0.1:9925"));
    EXPECT_TRUE(listener);
    at = (*listener)->local();
    sessions.serve(*std::move(listener), monitor);
  }

  // What is answered to `request`, until the end of the connection.
  Task<> ask(std::string request, std::string& out) {
    auto transport = co_await network.connect(at, 30s, nullptr);
    EXPECT_TRUE(transport);
    net::Stream stream(executor, *std::move(transport));
    stream.set_timeout(120s);
    stream.put(request);
    if (!co_await stream.flush()) co_return;
    while (co_await stream.fill()) {
    }
    out = std::string(stream.input());
  }
  std::string answer(std::string request) {
    std::string out;
    executor.run_task(ask(std::move(request), out));
    return out;
  }
  void close() { executor.run_task(sessions.close(1s)); }

  SimExecutor executor;
  SimNetwork network;
  Census census;
  Sessions sessions;
  std::string trouble;
  Monitor monitor;
  net::Endpoint at;
};

TEST(Monitor, AnswersTwoTargetsAndNothingElse) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    World world(seed);
    std::string metrics = world.answer("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(metrics.starts_with("HTTP/1.1 200 OK\r\n")) << metrics;
    EXPECT_NE(metrics.find("version=0.0.4"), std::string::npos);
    EXPECT_NE(metrics.find("Content-Length: 11\r\n"), std::string::npos);
    EXPECT_TRUE(metrics.ends_with("\r\n\r\nposta_up 1\n"));
    EXPECT_TRUE(world.answer("GET /healthz?x=1 HTTP/1.0\n\n").ends_with("\r\n\r\nok\n"));
    EXPECT_TRUE(world.answer("HEAD /metrics HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n"));
    struct Case {
      std::string_view request, status;
    };
    const Case cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", "404"},
        {"GET /metrics/../../etc/passwd HTTP/1.1\r\n\r\n", "404"},
        {"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405"},
        {"GET /metrics\r\n\r\n", "400"},
        {"GET  HTTP/1.1\r\n\r\n", "400"},
        {"\r\n\r\n", "400"},
        {std::string_view("\0\xff\n\n", 4), "400"},
        {"PRI * HTTP/2.0\r\n\r\n", "400"},
    };
    for (const auto& c : cases)
      EXPECT_EQ(world.answer(std::string(c.request)).substr(9, 3), c.status) << c.request;
    world.trouble = "the disk is short";
    EXPECT_EQ(world.answer("GET /healthz HTTP/1.1\r\n\r\n").substr(9, 3), "503");
    world.close();
  }
}

TEST(Monitor, ALimitSaysSo) {
  World world(1);
  EXPECT_EQ(world.answer("GET /metrics HTTP/1.1\r\nX: " + std::string(9000, 'x')).substr(9, 3),
            "431");
  EXPECT_EQ(world.answer("GET /metr").substr(9, 3), "408");
  world.close();
  EXPECT_EQ(world.census.sessions(), 0u);
}

Task<> hold(World& world, runtime::Stop& stop) {
  auto transport = co_await world.network.connect(world.at, 30s, nullptr);
  EXPECT_TRUE(transport);
  co_await runtime::sleep_for(5s, &stop);
}

TEST(Monitor, MoreThanItsSessionsAreToldSo) {
  World world(1, {.sessions_max = 2});
  runtime::Nursery nursery(world.executor);
  auto run = [&]() -> Task<> {
    nursery.spawn(hold(world, nursery.stop()));
    nursery.spawn(hold(world, nursery.stop()));
    co_await runtime::sleep_for(1s);
    std::string out;
    co_await world.ask("GET /metrics HTTP/1.1\r\n\r\n", out);
    EXPECT_EQ(out.substr(9, 3), "503");
    co_await nursery.join();
    co_await world.ask("GET /metrics HTTP/1.1\r\n\r\n", out);
    EXPECT_EQ(out.substr(9, 3), "200");
  };
  world.executor.run_task(run());
  world.close();
}

}  // namespace
}  // namespace posta::server
