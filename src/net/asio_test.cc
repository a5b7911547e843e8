// What only the real network has: ports that others hold, descriptors that run out, sockets that
// somebody else opened.

#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "net/asio/socket.h"
#include "net/worlds_test.h"

namespace posta::net::testing {
namespace {

TEST(AsioNetwork, APortThatAnotherProgramHoldsIsAConflict) {
  AsioWorld world;
  auto listener = world.network().listen(world.executor(), kLoopback);
  ASSERT_TRUE(listener);
  asio::AsioNetwork other;  // knows nothing of the first one's ports
  auto second = other.listen(world.executor(), (*listener)->local());
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(Error::Kind::conflict)) << describe(second.error());
}

TEST(AsioNetwork, AnAddressThatIsNotOursIsNotFound) {
  AsioWorld world;
  auto listener = world.network().listen(world.executor(), *Endpoint::parse("192.0.2.1:0"));
  ASSERT_FALSE(listener);
  EXPECT_TRUE(listener.error().is(Error::Kind::not_found)) << describe(listener.error());
}

Task<> over_ipv6(World& world, Endpoint endpoint) {
  // The same port of the other family is free: "::" takes IPv6 alone. Somebody else on this machine
  // may have it by chance, though not ten times.
  Result<std::unique_ptr<Listener>> any6, any4;
  for (int i = 0; i < 10; ++i) {
    any6 = world.network().listen(world.executor(), endpoint);
    CHECK(any6);
    Endpoint four{IpAddress::v4({0, 0, 0, 0}), (*any6)->local().port};
    any4 = world.network().listen(world.executor(), four);
    if (any4) break;
  }
  EXPECT_TRUE(any4) << describe(any4.error());
  Endpoint there = *Endpoint::parse(fmt::format("[::1]:{}", (*any6)->local().port));
  auto client = co_await world.network().connect(there, 1min, nullptr);
  CHECK(client);
  auto server = co_await (*any6)->accept(nullptr);
  CHECK(server);
  EXPECT_EQ((*server)->local(), there);
  EXPECT_TRUE((*server)->peer().ip.is_loopback());
}

TEST(AsioNetwork, Ipv6HasListenersOfItsOwn) {
  AsioWorld world;
  Endpoint endpoint = *Endpoint::parse("[::]:0");
  Endpoint loopback6 = *Endpoint::parse("[::1]:0");
  if (!world.network().listen(world.executor(), loopback6))
    GTEST_SKIP() << "this machine has no IPv6 loopback";
  world.run(over_ipv6(world, endpoint));
}

int raw_listener(Endpoint& local) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  asio::SocketAddress address = asio::to_address(kLoopback);
  CHECK(fd >= 0 && bind(fd, address.get(), address.length) == 0 && listen(fd, 8) == 0);
  local = asio::local_endpoint(fd);
  return fd;
}

Task<> adopt_twice(AsioWorld& world, int fd, Endpoint local) {
  auto listener = world.network().adopt(world.executor(), fd);
  CHECK(listener);
  EXPECT_EQ((*listener)->local(), local);
  for (int i = 0; i < 2; ++i) {
    auto client = co_await world.network().connect(local, 1min, nullptr);
    CHECK(client);
    auto server = co_await (*listener)->accept(nullptr);
    CHECK(server);
    // Connections inherit the listener's options.
    Endpoint peer = (*client)->local();
    int found = 0;
    for (int other = 3; other < 256; ++other) {
      asio::SocketAddress address;
      if (getpeername(other, address.get(), &address.length) != 0 ||
          asio::to_endpoint(address) != peer)
        continue;
      ++found;
      int on = 0;
      socklen_t length = sizeof on;
      getsockopt(other, IPPROTO_TCP, TCP_NODELAY, &on, &length);
      EXPECT_NE(on, 0);
      getsockopt(other, SOL_SOCKET, SO_KEEPALIVE, &on, &length);
      EXPECT_NE(on, 0);
    }
    EXPECT_EQ(found, 1);
    if (i > 0) break;
    // A second one takes the first one's place; the socket itself stays.
    listener->reset();
    listener = world.network().adopt(world.executor(), fd);
    CHECK(listener);
  }
}

TEST(AsioNetwork, AListeningSocketCanBeInherited) {
  AsioWorld world;
  Endpoint local;
  int fd = raw_listener(local);
  world.run(adopt_twice(world, fd, local));
  close(fd);
  auto not_one = world.network().adopt(world.executor(), 0);
  ASSERT_FALSE(not_one);
  EXPECT_TRUE(not_one.error().is(Error::Kind::config));
}

Task<> take_turns(AsioWorld& world, Endpoint configured, Endpoint real) {
  auto first = world.network().listen(world.executor(), configured);
  auto second = world.network().listen(world.executor(), configured);
  CHECK(first && second);
  EXPECT_EQ((*first)->local(), real);
  EXPECT_EQ((*second)->local(), real);
  // The kernel spreads connections over the two sockets; each must be accepted from one of them.
  constexpr int kConnections = 64;
  for (int i = 0; i < kConnections; ++i) {
    auto client = co_await world.network().connect(real, 1min, nullptr);
    CHECK(client);
  }
  runtime::Nursery nursery(world.executor());
  int taken[2] = {0, 0};
  auto take = [](Listener& listener, int& count, runtime::Stop& stop) -> Task<> {
    while (co_await listener.accept(&stop)) ++count;
  };
  nursery.spawn(take(**first, taken[0], nursery.stop()));
  nursery.spawn(take(**second, taken[1], nursery.stop()));
  while (taken[0] + taken[1] < kConnections) co_await runtime::sleep_for(1ms);
  nursery.stop().request();
  co_await nursery.join();
  EXPECT_GT(taken[0], 0);
  EXPECT_GT(taken[1], 0);
}

TEST(AsioNetwork, EachLoopTakesASocketOfItsOwnOfThoseThatWereHandedOver) {
  AsioWorld world;
  auto first = asio::open_listening(kLoopback);
  ASSERT_TRUE(first) << first.error().what;
  Endpoint real = asio::local_endpoint(first->get());
  auto second = asio::open_another_listening(real);
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_TRUE(asio::open_listening(real).error().is(Error::Kind::conflict));
  world.network().inherit(kLoopback, *std::move(first));
  world.network().inherit(kLoopback, *std::move(second));
  world.run(take_turns(world, kLoopback, real));
  world.network().disinherit(kLoopback);
  EXPECT_TRUE(asio::open_listening(real)) << "closed, so the port is free";
}

rlim_t set_descriptor_limit(rlim_t limit) {
  rlimit limits;
  CHECK(getrlimit(RLIMIT_NOFILE, &limits) == 0);
  rlim_t before = std::exchange(limits.rlim_cur, limit);
  CHECK(setrlimit(RLIMIT_NOFILE, &limits) == 0);
  return before;
}

Task<> run_out(World& world) {
  auto listener = world.network().listen(world.executor(), kLoopback);
  CHECK(listener);
  auto client = co_await world.network().connect((*listener)->local(), 1min, nullptr);
  CHECK(client);
  rlim_t before = set_descriptor_limit(3);
  auto refused = co_await (*listener)->accept(nullptr);
  auto unmade = co_await world.network().connect((*listener)->local(), 1min, nullptr);
  set_descriptor_limit(before);
  EXPECT_TRUE(!refused && refused.error().is(Error::Kind::unavailable));
  EXPECT_NE(refused.error().what.find("descriptors"), std::string::npos) << refused.error().what;
  EXPECT_TRUE(!unmade && unmade.error().is(Error::Kind::unavailable));
  auto later = co_await (*listener)->accept(nullptr);
  EXPECT_TRUE(later) << "the connection was not lost";
}

TEST(AsioNetwork, RunningOutOfDescriptorsIsATemporaryErrorInWords) {
  AsioWorld world;
  world.run(run_out(world));
}

// --- memory

constexpr int kIdle = 500;

struct Raw {
  std::vector<int> sockets;
  ~Raw() {
    for (int fd : sockets) close(fd);
  }
};

Task<> idle(Stream& stream) {
  while (co_await stream.fill()) {
  }
}

Task<> hold_idle(World& world, Raw& raw, std::size_t& octets_each) {
  auto listener = world.network().listen(world.executor(), kLoopback);
  CHECK(listener);
  std::vector<std::unique_ptr<Stream>> streams;
  streams.reserve(kIdle);
  Nursery nursery(world.executor());
  std::size_t before = mallinfo2().uordblks;
  for (int i = 0; i < kIdle; ++i) {
    raw.sockets.push_back(socket(AF_INET, SOCK_STREAM, 0));
    asio::SocketAddress address = asio::to_address((*listener)->local());
    CHECK(connect(raw.sockets.back(), address.get(), address.length) == 0);
    auto transport = co_await (*listener)->accept(nullptr);
    CHECK(transport);
    streams.push_back(std::make_unique<Stream>(world.executor(), std::move(*transport)));
    nursery.spawn(idle(*streams.back()));
  }
  co_await runtime::sleep_for(5ms);
  octets_each = (mallinfo2().uordblks - before) / kIdle;
  for (auto& stream : streams) stream->interrupt();
  co_await nursery.join();
}

TEST(AsioNetwork, TheMemoryOfAnIdleConnectionIsPrinted) {
  AsioWorld world;
  Raw raw;
  std::size_t octets_each = 0;
  world.run(hold_idle(world, raw, octets_each));
  if (octets_each == 0) GTEST_SKIP() << "this allocator does not count";
  std::printf("an idle connection (stream %zu, task and transport included): %zu octets of heap\n",
              sizeof(Stream), octets_each);
}

}  // namespace
}  // namespace posta::net::testing
