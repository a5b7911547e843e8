// Waits that end otherwise than by the peer: in time, by interruption, by destruction.

#include "net/worlds_test.h"

namespace posta::net::testing {
namespace {

// Parameter: 0 is the real world, others are seeds of simulated ones.
class WaitTest : public ::testing::TestWithParam<int> {
 protected:
  std::unique_ptr<World> world_ =
      make_world(GetParam() == 0, static_cast<std::uint64_t>(GetParam()));
};

std::string world_name(const ::testing::TestParamInfo<int>& info) {
  return info.param == 0 ? std::string("Real") : "Seed" + std::to_string(info.param);
}
INSTANTIATE_TEST_SUITE_P(Worlds, WaitTest, ::testing::Range(0, 13), world_name);

// --- time

Task<> wait_in_vain(World& world) {
  Pair pair = co_await connected(world);
  pair.server->set_timeout(5ms);
  auto more = co_await pair.server->fill();
  EXPECT_FALSE(more);
  EXPECT_TRUE(!more && more.error().is(Error::Kind::timeout));
  pair.server->set_timeout(1min);
  EXPECT_TRUE(co_await pair.client->say("late\n"));
  Error::Kind why{};
  EXPECT_EQ(co_await next_line(*pair.server, why), "late\n");
}

TEST_P(WaitTest, ASilentPeerIsATimeoutAndTheStreamGoesOn) {
  world_->run(wait_in_vain(*world_));
}

Task<> dribble(Stream& stream, bool& stop) {
  while (!stop) {
    stream.put("x");
    if (!co_await stream.flush()) co_return;
    co_await runtime::sleep_for(1ms);
  }
}

Task<> dribbled_upon(World& world) {
  Pair pair = co_await connected(world);
  Nursery nursery(world.executor());
  bool stop = false;
  nursery.spawn(dribble(pair.client->stream(), stop));
  pair.server->set_timeout(1h);
  pair.server->set_deadline(world.executor().now() + 30ms);
  Error::Kind why{};
  EXPECT_EQ(co_await next_line(*pair.server, why), "");
  EXPECT_EQ(why, Error::Kind::timeout);
  // A last word that needs no wait still goes out.
  pair.server->put("too slow\n");
  EXPECT_TRUE(co_await pair.server->flush());
  EXPECT_EQ(co_await pair.client->line(), "too slow");
  stop = true;
  co_await nursery.join();
}

TEST_P(WaitTest, TheDeadlineEndsWhatTheTimeoutLetsDribbleOn) {
  world_->run(dribbled_upon(*world_));
}

Task<> nobody_reads(World& world) {
  Pair pair = co_await connected(world);
  pair.server->set_timeout(5ms);
  pair.server->put(std::string(1_MiB, 'x'));
  auto flushed = co_await pair.server->flush();
  EXPECT_FALSE(flushed);
  EXPECT_TRUE(!flushed && flushed.error().is(Error::Kind::timeout));
  EXPECT_GT(pair.server->unsent(), 0u);
}

TEST_P(WaitTest, APeerThatDoesNotReadIsATimeoutOfFlush) {
  world_->run(nobody_reads(*world_));
}

// --- interruption

Task<> fill_once(Stream& stream, Result<>& result, bool& ended) {
  result = co_await stream.fill();
  ended = true;
}

Task<> interrupted(World& world) {
  Pair pair = co_await connected(world);
  Nursery nursery(world.executor());
  Result<> result;
  bool ended = false;
  nursery.spawn(fill_once(*pair.server, result, ended));
  co_await runtime::sleep_for(5ms);
  pair.server->interrupt();
  EXPECT_FALSE(ended) << "whoever interrupts is not run over by who is interrupted";
  co_await nursery.join();
  EXPECT_TRUE(!result && result.error().is(Error::Kind::cancelled));
  auto again = co_await pair.server->fill();
  EXPECT_TRUE(!again && again.error().is(Error::Kind::cancelled));
  pair.server->put("421 closing\r\n");
  EXPECT_TRUE(co_await pair.server->flush());
  EXPECT_EQ(co_await pair.client->line(), "421 closing");
  pair.server->put(std::string(1_MiB, 'x'));
  auto flushed = co_await pair.server->flush();
  EXPECT_TRUE(!flushed && flushed.error().is(Error::Kind::cancelled));
}

TEST_P(WaitTest, AnInterruptEndsTheWaitAndAllLaterOnes) {
  world_->run(interrupted(*world_));
}

Task<> nudged(World& world) {
  Pair pair = co_await connected(world);
  Nursery nursery(world.executor());
  Result<> result;
  bool ended = false;
  nursery.spawn(fill_once(*pair.server, result, ended));
  co_await runtime::sleep_for(5ms);
  pair.server->nudge();
  co_await nursery.join();
  EXPECT_TRUE(result);
  EXPECT_TRUE(pair.server->input().empty());
  pair.server->nudge();  // nobody waits: remembered
  EXPECT_TRUE(co_await pair.server->fill());
  EXPECT_TRUE(pair.server->input().empty());
  pair.server->set_timeout(5ms);
  EXPECT_FALSE(co_await pair.server->fill()) << "but only once";
}

TEST_P(WaitTest, ANudgeEndsOneFillWithoutInput) {
  world_->run(nudged(*world_));
}

// A coroutine that nobody owns: the test destroys it where it stands.
struct Loose {
  struct promise_type {
    Loose get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::abort(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Loose wait_for_input(Stream& stream, int& woken) {
  auto more = co_await stream.fill();
  woken += more.has_value();
}
Loose wait_for_room(Stream& stream) {
  auto flushed = co_await stream.flush();
}

Task<> destroyed(World& world) {
  Pair pair = co_await connected(world);
  int woken = 0;
  Loose reader = wait_for_input(*pair.server, woken);
  pair.server->put(std::string(1_MiB, 'x'));
  Loose writer = wait_for_room(*pair.server);
  EXPECT_FALSE(reader.handle.done() || writer.handle.done());
  reader.handle.destroy();
  writer.handle.destroy();
  EXPECT_TRUE(co_await pair.client->say("for nobody\n"));
  co_await runtime::sleep_for(10ms);
  EXPECT_EQ(woken, 0);
  Error::Kind why{};
  EXPECT_EQ(co_await next_line(*pair.server, why), "for nobody\n");
  // Interrupted, but destroyed before the interruption reached it.
  Loose interrupted_reader = wait_for_input(*pair.server, woken);
  pair.server->interrupt();
  interrupted_reader.handle.destroy();
  pair.server.reset();
  co_await runtime::sleep_for(10ms);
  EXPECT_EQ(woken, 0);
}

TEST_P(WaitTest, AWaitThatIsDestroyedIsForgotten) {
  world_->run(destroyed(*world_));
}

constexpr int kRivals = 12;

struct Rival {
  std::unique_ptr<Stream> stream;
  Loose waiting{};
};

// The first who hears anything destroys all the others, whose sockets became ready with its own.
Loose last_one_standing(std::vector<Rival>& rivals, int self, int& woken) {
  co_await rivals[std::size_t(self)].stream->fill();
  ++woken;
  for (int i = 0; i < kRivals; ++i) {
    if (i == self) continue;
    rivals[std::size_t(i)].waiting.handle.destroy();
    rivals[std::size_t(i)].stream.reset();
  }
}

Task<> rivalry(World& world) {
  std::vector<Rival> rivals(kRivals);
  std::vector<std::unique_ptr<Peer>> clients;
  int woken = 0;
  for (int i = 0; i < kRivals; ++i) {
    Pair pair = co_await connected(world);
    clients.push_back(std::move(pair.client));
    rivals[std::size_t(i)].stream = std::move(pair.server);
    rivals[std::size_t(i)].waiting = last_one_standing(rivals, i, woken);
  }
  for (auto& client : clients) {
    client->stream().put("now\n");
    EXPECT_TRUE(co_await client->stream().flush());
  }
  co_await runtime::sleep_for(20ms);
  EXPECT_EQ(woken, 1);
  for (auto& rival : rivals)
    if (rival.stream) rival.waiting.handle.destroy();
}

TEST_P(WaitTest, AWakingTaskMayDestroyOthersThatBecameReadyWithIt) {
  world_->run(rivalry(*world_));
}

}  // namespace
}  // namespace posta::net::testing
