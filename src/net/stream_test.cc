#include "net/stream.h"

#include <cstdio>

#include "base/codec.h"
#include "net/worlds_test.h"

namespace posta::net::testing {
namespace {

// Parameter: 0 is the real world, others are seeds of simulated ones.
class StreamTest : public ::testing::TestWithParam<int> {
 protected:
  std::unique_ptr<World> world_ =
      make_world(GetParam() == 0, static_cast<std::uint64_t>(GetParam()));
};

std::string world_name(const ::testing::TestParamInfo<int>& info) {
  return info.param == 0 ? std::string("Real") : "Seed" + std::to_string(info.param);
}
INSTANTIATE_TEST_SUITE_P(Worlds, StreamTest, ::testing::Range(0, 13), world_name);

// Answers each line with itself; replies to lines that came together leave together.
Task<> echo(Stream& stream) {
  for (;;) {
    std::size_t end = stream.input().find('\n');
    if (end != std::string_view::npos) {
      stream.put(stream.input().substr(0, end + 1));
      stream.consume(end + 1);
      continue;
    }
    if (!co_await stream.flush()) co_return;
    if (!co_await stream.fill()) co_return;
  }
}

Task<> talk_to_echo(World& world) {
  Pair pair = co_await connected(world);
  Nursery nursery(world.executor());
  nursery.spawn(echo(*pair.server));
  for (int i = 0; i < 50; ++i) {
    std::string line = fmt::format("line {} {}", i, std::string(std::size_t(i) * 37, 'x'));
    EXPECT_TRUE(co_await pair.client->say(line + "\r\n"));
    EXPECT_EQ(co_await pair.client->line(), line);
  }
  EXPECT_EQ(pair.client->stream().peer(), pair.server->local());
  EXPECT_EQ(pair.client->stream().local(), pair.server->peer());
  pair.client->stream().shutdown_write();
  co_await nursery.join();
}

TEST_P(StreamTest, EchoesLineByLine) {
  world_->run(talk_to_echo(*world_));
}

// --- coalescing

class Counting final : public Transport {
 public:
  Counting(std::unique_ptr<Transport> inner, int& writes)
      : inner_(std::move(inner)), writes_(writes) {}
  Io try_read(std::span<char> into) override { return inner_->try_read(into); }
  Io try_write(std::string_view octets) override {
    ++writes_;
    return inner_->try_write(octets);
  }
  void wait(Direction direction, Waiter& waiter) override { inner_->wait(direction, waiter); }
  void cancel(Direction direction) override { inner_->cancel(direction); }
  void shutdown_write() override { inner_->shutdown_write(); }
  const Endpoint& peer() const override { return inner_->peer(); }
  const Endpoint& local() const override { return inner_->local(); }

 private:
  std::unique_ptr<Transport> inner_;
  int& writes_;
};

Task<> pipeline(World& world, int& writes) {
  Pair pair = co_await connected(world);
  auto plain = pair.server->exchange_transport(nullptr);
  pair.server->exchange_transport(std::make_unique<Counting>(std::move(plain), writes));
  Nursery nursery(world.executor());
  nursery.spawn(echo(*pair.server));
  std::string lines;
  for (int i = 0; i < 16; ++i) lines += fmt::format("line {}\r\n", i);
  EXPECT_TRUE(co_await pair.client->say(lines));
  EXPECT_EQ(co_await pair.client->octets(lines.size()), lines);
  pair.client->stream().shutdown_write();
  co_await nursery.join();
}

TEST(Stream, RepliesToAPipelineLeaveAsOneWrite) {
  AsioWorld real;
  int writes = 0;
  real.run(pipeline(real, writes));
  EXPECT_EQ(writes, 1);
  SimWorld simulated(1, SimWorld::calm());
  writes = 0;
  simulated.run(pipeline(simulated, writes));
  EXPECT_EQ(writes, 1);
}

// --- bulk

constexpr std::size_t kBulkOctets = 1_MiB;

std::string bulk() {
  std::string octets;
  octets.reserve(kBulkOctets + 8);
  for (std::uint64_t i = 0; octets.size() < kBulkOctets; ++i) {
    std::uint64_t word = hash64("bulk", i);
    octets.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  return octets;
}

Task<> send_bulk(Stream& stream, bool& sent) {
  stream.put(bulk());
  EXPECT_TRUE(co_await stream.flush());
  sent = true;
  stream.shutdown_write();
}

Task<> read_slowly(World& world) {
  Pair pair = co_await connected(world);
  Nursery nursery(world.executor());
  bool sent = false;
  nursery.spawn(send_bulk(*pair.server, sent));
  co_await runtime::sleep_for(10ms);
  EXPECT_FALSE(sent) << "a megabyte cannot fit into the buffers of a peer that does not read";
  std::string got;
  Stream& in = pair.client->stream();
  for (int fills = 0; co_await in.fill(); ++fills) {
    got += in.input();
    in.consume(in.input().size());
    if (fills % 16 == 0) co_await runtime::sleep_for(100us);
  }
  EXPECT_TRUE(sent);
  EXPECT_TRUE(got == bulk());
  co_await nursery.join();
}

TEST_P(StreamTest, AMegabyteReachesASlowReaderWhole) {
  world_->run(read_slowly(*world_));
}

Task<std::string> drain(Stream& stream) {
  std::string got;
  while (co_await stream.fill()) {
    got += stream.input();
    stream.consume(stream.input().size());
  }
  co_return got;
}

Task<> drain_into(Stream& stream, std::string& got) {
  got = co_await drain(stream);
}

// One task reads while another flushes on the same stream, both ways at once.
Task<> full_duplex(World& world) {
  Pair pair = co_await connected(world);
  Nursery nursery(world.executor());
  bool one = false, other = false;
  std::string at_server, at_client;
  nursery.spawn(send_bulk(*pair.server, one));
  nursery.spawn(send_bulk(pair.client->stream(), other));
  nursery.spawn(drain_into(*pair.server, at_server));
  nursery.spawn(drain_into(pair.client->stream(), at_client));
  co_await nursery.join();
  EXPECT_TRUE(at_server == bulk());
  EXPECT_TRUE(at_client == bulk());
}

TEST_P(StreamTest, OneTaskReadsWhileAnotherFlushes) {
  world_->run(full_duplex(*world_));
}

// --- ends

Task<> half_closed(World& world) {
  Pair pair = co_await connected(world);
  EXPECT_TRUE(co_await pair.client->say("last words\n"));
  pair.client->stream().shutdown_write();
  Error::Kind why{};
  EXPECT_EQ(co_await next_line(*pair.server, why), "last words\n");
  EXPECT_EQ(co_await next_line(*pair.server, why), "");
  EXPECT_EQ(why, Error::Kind::closed);
  EXPECT_FALSE(co_await pair.server->fill()) << "the end stays the end";
  pair.server->put("heard\n");
  EXPECT_TRUE(co_await pair.server->flush());
  pair.server.reset();
  EXPECT_EQ(co_await pair.client->rest(), "heard\n");
}

TEST_P(StreamTest, AClientThatHasEndedItsSideStillHearsTheReply) {
  world_->run(half_closed(*world_));
}

Task<> reset_by_peer(World& world) {
  Pair pair = co_await connected(world);
  EXPECT_TRUE(co_await pair.server->flush());
  pair.server->put("nobody will read this\n");
  EXPECT_TRUE(co_await pair.server->flush());
  co_await runtime::sleep_for(10ms);
  pair.client.reset();  // with unread input: that is a reset
  Error::Kind why{};
  EXPECT_EQ(co_await next_line(*pair.server, why), "");
  EXPECT_EQ(why, Error::Kind::closed);
  pair.server->put("gone\n");
  auto flushed = co_await pair.server->flush();
  EXPECT_TRUE(!flushed && flushed.error().is(Error::Kind::closed));
  flushed = co_await pair.server->flush();
  EXPECT_FALSE(flushed) << "a failed side stays failed, also with nothing left to send";
}

TEST_P(StreamTest, AResetIsClosedForBothDirections) {
  world_->run(reset_by_peer(*world_));
}

// --- looking

Task<> look_at_what_has_come(World& world) {
  Pair pair = co_await connected(world);
  Stream& client = pair.client->stream();
  EXPECT_TRUE(client.look());
  EXPECT_EQ(client.input(), "");
  pair.server->put("hello\r\n");
  EXPECT_TRUE(co_await pair.server->flush());
  EXPECT_EQ(co_await pair.client->line(), "hello");
  pair.server->put("more\r\n");
  EXPECT_TRUE(co_await pair.server->flush());
  pair.server->shutdown_write();
  Result<> looked;
  while ((looked = client.look())) co_await runtime::sleep_for(1ms, nullptr);
  EXPECT_EQ(looked.error().kind, Error::Kind::closed);
  EXPECT_EQ(client.input(), "more\r\n");
  client.interrupt();
  EXPECT_EQ(client.look().error().kind, Error::Kind::cancelled);
}

TEST_P(StreamTest, LookingTakesWhatHasComeAndDoesNotWait) {
  world_->run(look_at_what_has_come(*world_));
}

Task<> closed_while_sending(World& world) {
  Pair pair = co_await connected(world);
  Nursery nursery(world.executor());
  pair.server->put(bulk());
  Result<> result;
  bool ended = false;
  struct Run {
    static Task<> flush(Stream& stream, Result<>& out, bool& end) {
      out = co_await stream.flush();
      end = true;
    }
  };
  nursery.spawn(Run::flush(*pair.server, result, ended));
  co_await runtime::sleep_for(5ms);
  EXPECT_FALSE(ended);
  pair.client.reset();
  co_await nursery.join();
  EXPECT_TRUE(!result && result.error().is(Error::Kind::closed));
}

TEST_P(StreamTest, APeerThatLeavesWhileWeWaitToSendIsClosed) {
  world_->run(closed_while_sending(*world_));
}

// --- fairness and memory

// Always has something to read, and never says "again".
class Firehose final : public Transport {
 public:
  explicit Firehose(runtime::sim::SimExecutor& executor) : executor_(executor) {}
  Io try_read(std::span<char> into) override {
    std::fill(into.begin(), into.end(), 'x');
    return {Io::Kind::done, into.size()};
  }
  Io try_write(std::string_view octets) override { return {Io::Kind::done, octets.size()}; }
  void wait(Direction, Waiter& waiter) override {
    executor_.post([&waiter] { waiter.ready(); });
  }
  void cancel(Direction) override {}
  void shutdown_write() override {}
  const Endpoint& peer() const override { return endpoint_; }
  const Endpoint& local() const override { return endpoint_; }

 private:
  runtime::sim::SimExecutor& executor_;
  Endpoint endpoint_;
};

Task<> drink(Stream& stream, int& fills) {
  for (fills = 0; fills < 100; ++fills) {
    EXPECT_TRUE(co_await stream.fill());
    EXPECT_LE(stream.input().size(), Stream::kReadOctetsMax);
    stream.consume(stream.input().size());
  }
}

Task<> count_turns(const int& fills, int& turns) {
  while (fills < 100) {
    ++turns;
    co_await runtime::yield();
  }
}

TEST(Stream, APeerThatNeverStopsSendingDoesNotKeepTheLoop) {
  runtime::sim::SimExecutor executor(5);
  Stream stream(executor, std::make_unique<Firehose>(executor));
  Nursery nursery(executor);
  int fills = 0, turns = 0;
  nursery.spawn(drink(stream, fills));
  nursery.spawn(count_turns(fills, turns));
  executor.run_task(nursery.join());
  EXPECT_GE(turns, 10);
}

Task<> hold_nothing(World& world) {
  Pair pair = co_await connected(world);
  Nursery nursery(world.executor());
  nursery.spawn(echo(*pair.server));
  std::string line(200'000, 'x');
  line += '\n';
  EXPECT_TRUE(co_await pair.client->say(line));
  EXPECT_EQ(co_await pair.client->octets(line.size()), line);
  co_await runtime::sleep_for(5ms);
  EXPECT_TRUE(pair.server->input().empty());
  EXPECT_LE(pair.server->out().capacity(), std::string().capacity());
  pair.client->stream().shutdown_write();
  co_await nursery.join();
}

TEST_P(StreamTest, AnIdleStreamHoldsNoBuffers) {
  world_->run(hold_nothing(*world_));
}

}  // namespace
}  // namespace posta::net::testing
