// How connections come in and go out, on virtual time.
#include "server/session/doorway.h"

#include <gtest/gtest.h>

#include "net/sim/peer.h"
#include "net/sim/sim_network.h"
#include "runtime/sleep.h"
#include "server/session/sessions.h"

namespace posta::server {
namespace {

using net::sim::Peer;
using namespace std::chrono_literals;

// Says its last word at once and lingers.
class Parting final : public Service {
 public:
  explicit Parting(bool farewell) : farewell_(farewell) {}
  Task<> serve(std::unique_ptr<net::Transport> transport) override {
    Executor& executor = co_await runtime::this_executor();
    net::Stream stream(executor, std::move(transport));
    co_await runtime::sleep_for(10ms);  // the peer's octets are there
    Instant began = executor.now();
    stream.put("bye");
    co_await linger(stream, 2s, 64_KiB, farewell_);
    took = executor.now() - began;
    ended = true;
  }
  Duration took{};
  bool ended = false;

 private:
  bool farewell_;
};

// One connection, and whatever its service does with it.
struct Fixture {
  explicit Fixture(Service& service) {
    sessions.serve(*network.listen(executor, *net::Endpoint::parse("127.0.0.1:25")), service);
  }
  Task<std::unique_ptr<Peer>> dial() {
    auto peer = co_await Peer::dial(network, *net::Endpoint::parse("127.0.0.1:25"));
    CHECK(peer);
    co_return std::move(*peer);
  }
  runtime::sim::SimExecutor executor{7};
  net::sim::SimNetwork network{executor};
  Sessions sessions{executor};
};

Task<> say_and_hear(Fixture& f, std::size_t octets, std::string& heard) {
  auto peer = co_await f.dial();
  co_await peer->say(std::string(octets, 'x'));
  auto rest = co_await peer->rest();
  heard = rest ? *rest : describe(rest.error());
  peer.reset();
  co_await f.sessions.close(10s);
}

TEST(Linger, AClientThatIsStillSendingHearsTheLastWord) {
  Parting parting(false);
  Fixture f(parting);
  std::string heard;
  f.executor.run_task(say_and_hear(f, 5000, heard));
  EXPECT_EQ(heard, "bye");
}

TEST(Linger, WhoHasSaidFarewellIsNotWaitedFor) {
  for (bool farewell : {true, false}) {
    Parting parting(farewell);
    Fixture f(parting);
    auto stay = [](Fixture& fixture) -> Task<> {
      auto peer = co_await fixture.dial();
      co_await runtime::sleep_for(5s);
      peer.reset();
      co_await fixture.sessions.close(10s);
    };
    f.executor.run_task(stay(f));
    EXPECT_EQ(parting.took < 1s, farewell);
    EXPECT_LE(parting.took, 2s);
  }
}

TEST(Linger, EndsForWhoNeverEnds) {
  Parting parting(false);
  Fixture f(parting);
  auto flood = [](Fixture& fixture, const bool& ended, std::size_t& sent) -> Task<> {
    auto peer = co_await fixture.dial();
    while (!ended && sent < 10_MiB && co_await peer->say(std::string(1000, 'x'))) sent += 1000;
    peer.reset();
    co_await fixture.sessions.close(10s);
  };
  std::size_t sent = 0;
  f.executor.run_task(flood(f, parting.ended, sent));
  EXPECT_GT(sent, 64_KiB);
  EXPECT_LT(sent, 1_MiB);
}

// A service without a seat for anybody.
class Full final : public Service {
 public:
  explicit Full(bool implicit_tls) {
    reception.service = "smtp";
    reception.implicit_tls = implicit_tls;
    reception.trusted = Networks();
  }
  Task<> serve(std::unique_ptr<net::Transport> transport) override {
    Executor& executor = co_await runtime::this_executor();
    net::Stream stream(executor, std::move(transport));
    auto seat = take_seat(census, stream, reception);
    EXPECT_EQ(seat ? "" : to_string(seat.error()), "sessions");
    if (!seat) co_await turn_away(stream, reception, 2s, "421 no\r\n");
  }

  Census census{{.sessions_max = 0}};
  Reception reception;
};

TEST(TurnAway, TheLastWordIsSaidUnlessTlsComesFirst) {
  for (bool tls : {false, true}) {
    Full full(tls);
    Fixture f(full);
    std::string heard;
    f.executor.run_task(say_and_hear(f, 0, heard));
    EXPECT_EQ(heard, tls ? "" : "421 no\r\n");
  }
}

}  // namespace
}  // namespace posta::server
