// worlds_test.h: one suite, two worlds: TCP on loopback, and pipes on virtual time.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "net/asio/network.h"
#include "net/sim/peer.h"
#include "net/sim/sim_network.h"
#include "net/stream.h"
#include "runtime/asio/loop.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "runtime/sleep.h"

namespace posta::net::testing {

using namespace std::chrono_literals;
using runtime::Nursery;
using sim::Peer;

class World {
 public:
  virtual ~World() = default;
  virtual Executor& executor() = 0;
  virtual Network& network() = 0;
  virtual void run(Task<> task) = 0;  // once
  virtual bool simulated() const { return false; }
};

class SimWorld final : public World {
 public:
  explicit SimWorld(std::uint64_t seed, sim::Settings settings = sim::Settings())
      : executor_(seed), network_(executor_, settings) {}
  // Cuts nothing: what is written as a whole arrives as a whole.
  static sim::Settings calm() {
    sim::Settings settings;
    settings.piece_octets_max = Octets{1} << 50;
    settings.tiny_percent = settings.short_read_percent = settings.short_write_percent = 0;
    return settings;
  }
  runtime::sim::SimExecutor& executor() override { return executor_; }
  sim::SimNetwork& network() override { return network_; }
  void run(Task<> task) override { executor_.run_task(std::move(task)); }
  bool simulated() const override { return true; }

 private:
  runtime::sim::SimExecutor executor_;
  sim::SimNetwork network_;
};

class AsioWorld final : public World {
 public:
  explicit AsioWorld(asio::AsioNetwork::Options options = asio::AsioNetwork::Options())
      : network_(options) {}
  Executor& executor() override { return loop_; }
  asio::AsioNetwork& network() override { return network_; }
  runtime::asio::Loop& loop() { return loop_; }
  void run(Task<> task) override {
    Nursery nursery(loop_);
    nursery.spawn(then_quit(loop_, std::move(task)));
    loop_.run();
  }

 private:
  static Task<> then_quit(runtime::asio::Loop& loop, Task<> task) {
    co_await std::move(task);
    loop.quit();
  }
  runtime::asio::WorkerPool workers_{{.threads = 1}};
  runtime::asio::Loop loop_{workers_};
  asio::AsioNetwork network_;
};

// Small kernel buffers, so that back-pressure is felt.
inline std::unique_ptr<World> make_world(bool real, std::uint64_t seed) {
  if (real)
    return std::make_unique<AsioWorld>(
        asio::AsioNetwork::Options{.receive_buffer_octets = 16_KiB, .send_buffer_octets = 16_KiB});
  return std::make_unique<SimWorld>(seed);
}

struct Pair {
  std::unique_ptr<Peer> client;
  std::unique_ptr<Stream> server;
};

inline const Endpoint kLoopback{*IpAddress::parse("127.0.0.1"), 0};

// A client and the server's end of its connection. Any failure is the test's.
inline Task<Pair> connected(World& world) {
  auto listener = world.network().listen(world.executor(), kLoopback);
  CHECK(listener);
  auto client = co_await Peer::dial(world.network(), (*listener)->local());
  CHECK(client);
  auto server = co_await (*listener)->accept(nullptr);
  CHECK(server);
  Pair pair;
  pair.client = std::move(*client);
  pair.server = std::make_unique<Stream>(world.executor(), std::move(*server));
  co_return std::move(pair);
}

// The next line, with its LF; empty when there will be none (then `why` says why).
inline Task<std::string> next_line(Stream& stream, Error::Kind& why) {
  std::size_t end;
  while ((end = stream.input().find('\n')) == std::string_view::npos) {
    auto more = co_await stream.fill();
    if (more) continue;
    why = more.error().kind;
    co_return std::string();
  }
  std::string line(stream.input().substr(0, end + 1));
  stream.consume(line.size());
  co_return line;
}

}  // namespace posta::net::testing
