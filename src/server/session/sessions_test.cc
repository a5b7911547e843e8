// The life of sessions on a loop, on virtual time.
#include "server/session/sessions.h"

#include <deque>

#include "net/sim/peer.h"
#include "net/sim/sim_network.h"
#include "runtime/sleep.h"

namespace posta::server {
namespace {

using net::sim::Peer;
using net::sim::SimNetwork;
using runtime::sim::SimExecutor;
using namespace std::chrono_literals;

// Says back what it hears, and "bye" when the server ends. A session that was told "work" stays
// unmoved by a friendly request to end until it has heard "done".
class Echo final : public Service {
 public:
  explicit Echo(Sessions& sessions) : sessions_(sessions) {}

  Task<> serve(std::unique_ptr<net::Transport> transport) override {
    ++served;
    Executor& executor = co_await runtime::this_executor();
    net::Stream stream(executor, std::move(transport));
    Sessions::Presence presence(sessions_, stream);
    bool working = false;
    for (;;) {
      if (sessions_.closing() && !working) break;
      std::string heard(stream.input());
      stream.consume(heard.size());
      if (heard == "work") working = true;
      if (heard == "done") working = false;
      stream.put(heard);
      if (!co_await stream.flush()) co_return;
      if (!working && sessions_.closing()) break;
      Result<> more = co_await stream.fill();
      if (!more && more.error().is(Error::Kind::cancelled)) {
        ++interrupted;
        break;
      }
      if (!more) co_return;
    }
    stream.put("bye");
    co_await stream.flush();
  }

  int served = 0;
  int interrupted = 0;

 private:
  Sessions& sessions_;
};

struct Fixture {
  SimExecutor executor{7};
  SimNetwork network{executor};
  std::unique_ptr<net::Listener> listener =
      *network.listen(executor, *net::Endpoint::parse("127.0.0.1:25"));
  Sessions sessions{executor};
  Echo echo{sessions};

  net::Endpoint endpoint = listener->local();

  Task<std::unique_ptr<Peer>> dial() {
    auto peer = co_await Peer::dial(network, endpoint);
    CHECK(peer);
    co_return std::move(*peer);
  }
};

Task<> say_and_close(Fixture& f, std::string word, std::string& heard, Duration& took) {
  auto peer = co_await f.dial();
  co_await peer->say(word);
  co_await peer->octets(word.size());
  Instant before = f.executor.now();
  co_await f.sessions.close(30s);
  took = f.executor.now() - before;
  auto rest = co_await peer->rest();
  heard = rest ? *rest : describe(rest.error());
}

TEST(Sessions, AnIdleSessionSaysItsLastWordWhenTheServerEnds) {
  Fixture f;
  f.sessions.serve(std::move(f.listener), f.echo);
  std::string heard;
  Duration took{};
  f.executor.run_task(say_and_close(f, "hello", heard, took));
  EXPECT_EQ(heard, "bye");
  EXPECT_EQ(f.echo.interrupted, 0);
  EXPECT_LT(took, 1s);
  EXPECT_EQ(f.sessions.live(), 0u);
}

Task<> come_too_late(Fixture& f, std::string& heard) {
  co_await f.sessions.close(1s);
  auto peer = co_await Peer::dial(f.network, f.endpoint);
  heard = peer ? "let in" : "refused";
}

TEST(Sessions, WhoComesAfterTheEndIsRefusedByTheNetwork) {
  Fixture f;
  f.sessions.serve(std::move(f.listener), f.echo);
  std::string heard;
  f.executor.run_task(come_too_late(f, heard));
  EXPECT_EQ(heard, "refused");
  EXPECT_EQ(f.echo.served, 0);
}

Task<> close_one_door(Fixture& f, std::string& heard, std::string& late, std::string& elsewhere) {
  auto before = co_await f.dial();
  co_await before->say("a");
  co_await before->octets(1);
  f.sessions.stop_serving(f.endpoint);
  co_await runtime::sleep_for(1s);
  auto after = co_await Peer::dial(f.network, f.endpoint);
  late = after ? "let in" : "refused";
  co_await before->say("still here");
  auto said = co_await before->octets(10);
  heard = said ? *said : describe(said.error());
  auto other = co_await Peer::dial(f.network, *net::Endpoint::parse("127.0.0.1:26"));
  elsewhere = other ? "let in" : "refused";
  co_await f.sessions.close(1s);
}

TEST(Sessions, ADoorCanCloseAloneAndItsSessionsGoOn) {
  Fixture f;
  f.sessions.serve(std::move(f.listener), f.echo);
  f.sessions.serve(*f.network.listen(f.executor, *net::Endpoint::parse("127.0.0.1:26")), f.echo);
  std::string heard, late, elsewhere;
  f.executor.run_task(close_one_door(f, heard, late, elsewhere));
  EXPECT_EQ(late, "refused");
  EXPECT_EQ(heard, "still here");
  EXPECT_EQ(elsewhere, "let in");
}

TEST(Sessions, ASessionAtWorkIsInterruptedOnlyAfterTheGrace) {
  Fixture f;
  f.sessions.serve(std::move(f.listener), f.echo);
  std::string heard;
  Duration took{};
  f.executor.run_task(say_and_close(f, "work", heard, took));
  EXPECT_EQ(heard, "bye");
  EXPECT_EQ(f.echo.interrupted, 1);
  EXPECT_GE(took, 30s);
  EXPECT_LT(took, 31s);
}

Task<> finish_the_work(Fixture& f, std::string& heard) {
  auto peer = co_await f.dial();
  co_await peer->say("work");
  co_await peer->octets(4);
  runtime::Nursery closing(f.executor);
  closing.spawn(f.sessions.close(30s));
  co_await runtime::sleep_for(5s);
  co_await peer->say("done");
  auto rest = co_await peer->rest();
  heard = rest ? *rest : describe(rest.error());
  co_await closing.join();
}

TEST(Sessions, ASessionAtWorkMayFinishWithinTheGrace) {
  Fixture f;
  f.sessions.serve(std::move(f.listener), f.echo);
  std::string heard;
  f.executor.run_task(finish_the_work(f, heard));
  EXPECT_EQ(heard, "donebye");
  EXPECT_EQ(f.echo.interrupted, 0);
}

// Has no descriptors left for a while.
class PoorListener final : public net::Listener {
 public:
  PoorListener(std::unique_ptr<net::Listener> real, int failures, std::vector<Instant>& asked)
      : real_(std::move(real)), failures_(failures), asked_(asked) {}
  Task<Result<std::unique_ptr<net::Transport>>> accept(net::Stop* stop) override {
    Executor& executor = co_await runtime::this_executor();
    if (failures_ > 0) {
      --failures_;
      asked_.push_back(executor.now());
      co_return fail(Error::Kind::unavailable, "out of descriptors");
    }
    co_return co_await real_->accept(stop);
  }
  const net::Endpoint& local() const override { return real_->local(); }

 private:
  std::unique_ptr<net::Listener> real_;
  int failures_;
  std::vector<Instant>& asked_;
};

Task<> come_in_hard_times(Fixture& f, std::string& heard) {
  auto peer = co_await f.dial();
  co_await peer->say("hello");
  auto word = co_await peer->octets(5);
  heard = word ? *word : describe(word.error());
  co_await f.sessions.close(1s);
}

TEST(Sessions, OutOfDescriptorsTheAcceptLoopPausesLongerAndLongerAndGoesOn) {
  Fixture f;
  std::vector<Instant> asked;
  f.sessions.serve(std::make_unique<PoorListener>(std::move(f.listener), 8, asked), f.echo);
  std::string heard;
  f.executor.run_task(come_in_hard_times(f, heard));
  EXPECT_EQ(heard, "hello");
  ASSERT_EQ(asked.size(), 8u);
  EXPECT_GE(asked[1] - asked[0], kAcceptPauseMin);
  EXPECT_GT(asked[3] - asked[2], asked[1] - asked[0]);
  EXPECT_LE(asked[7] - asked[6], kAcceptPauseMax);
}

Task<> close_sessions(Fixture& f) {
  co_await f.sessions.close(1s);
}

TEST(Sessions, CloseEndsAnAcceptLoopThatIsShortOfDescriptors) {
  Fixture f;
  std::vector<Instant> asked;
  f.sessions.serve(std::make_unique<PoorListener>(std::move(f.listener), 1'000'000, asked), f.echo);
  f.executor.run_for(10s);
  f.executor.run_task(close_sessions(f));
  EXPECT_EQ(f.echo.served, 0);
}

}  // namespace
}  // namespace posta::server
