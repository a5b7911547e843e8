// What dialogues of IMAP cannot see: memory, a store that fails in the middle, who gets a turn.
#include "net/sim/peer.h"
#include "server/imap/session.h"
#include "world/world.h"

namespace posta::world {
namespace {

using net::sim::Peer;

// What an idle session keeps beside its stream and its coroutine frames (house D5: part of the
// budget of an idle connection).
static_assert(sizeof(server::imap::Session) <= 768);

Config with_passwords(std::uint64_t seed) {
  Config config;
  config.seed = seed;
  config.passwords = true;
  config.network.buffer_octets = 1_MiB;
  config.store.fatal = [](const Error&) {};
  return config;
}

Task<> fill(World& world, std::size_t messages, std::size_t lines) {
  auto id = co_await world.account_of("ann@example.org");
  CHECK(id);
  for (std::size_t n = 1; n <= messages; ++n) {
    std::string octets = "Subject: number " + std::to_string(n) + "\r\n\r\n";
    for (std::size_t i = 0; i < lines; ++i) octets += "line " + std::to_string(i) + "\r\n";
    auto body = world.house().store->new_body();
    CHECK(co_await body->write(octets));
    CHECK(co_await body->finish());
    mailbox::Arrival arrival;
    arrival.body = body->ref();
    arrival.digest = std::make_shared<const std::string>(
        wire::message::encode(wire::message::digest_of(octets)));
    CHECK(co_await world.house().mailboxes.append(*id, std::move(arrival), std::move(body)));
  }
}

Task<Result<std::string>> ask(Peer& peer, std::string command) {
  CO_TRY_VOID(co_await peer.say("t " + std::move(command) + "\r\n"));
  for (;;) {
    CO_TRY(std::string line, co_await peer.line());
    if (line.starts_with("t ")) co_return line.substr(2);
    if (line.starts_with('+')) co_return line;
  }
}

Task<Result<std::unique_ptr<Peer>>> login(World& world) {
  CO_TRY(auto peer, co_await Peer::dial(world.network(), world.imap_endpoint()));
  CO_TRY_VOID(co_await peer->line());
  CO_TRY(std::string in, co_await ask(*peer, "LOGIN ann \"" + std::string(kPassword) + "\""));
  if (!in.starts_with("OK")) co_return fail(Error::Kind::conflict, in);
  CO_TRY(std::string selected, co_await ask(*peer, "SELECT INBOX"));
  if (!selected.starts_with("OK")) co_return fail(Error::Kind::conflict, selected);
  co_return std::move(peer);
}

TEST(ImapSession, AnIdleSessionHoldsNoBuffers) {
  World world(with_passwords(1));
  world.run(fill(world, 20, 1000));
  std::unique_ptr<Peer> peer;
  auto client = [&]() -> Task<> {
    auto in = co_await login(world);
    CHECK(in);
    peer = std::move(*in);
    auto fetched = co_await ask(*peer, "FETCH 1:* BODY[]");
    CHECK(fetched);
    CHECK(fetched->starts_with("OK"));
    CHECK(co_await ask(*peer, "IDLE"));
  };
  world.run(client());
  world.executor().run_for(std::chrono::seconds(1));
  std::size_t sessions = 0;
  world.house().sessions.visit([&](const net::Stream& stream) {
    ++sessions;
    EXPECT_LE(stream.buffer_octets(), 64u);  // what strings keep in themselves
  });
  EXPECT_EQ(sessions, 1u);
  peer.reset();
}

// A client that takes nothing must not make the answer pile up here.
TEST(ImapSession, AnAnswerThatIsNotReadStaysSmall) {
  Config config = with_passwords(1);
  config.network.buffer_octets = 64_KiB;
  World world(config);
  world.run(fill(world, 30, 3000));
  std::unique_ptr<Peer> peer;
  auto client = [&]() -> Task<> {
    auto in = co_await login(world);
    CHECK(in);
    peer = std::move(*in);
    CHECK(co_await peer->say("a FETCH 1:* BODY.PEEK[]\r\n"));
  };
  world.run(client());
  world.executor().run_for(std::chrono::seconds(5));
  world.house().sessions.visit([&](const net::Stream& stream) {
    EXPECT_LE(stream.buffer_octets(), 512u << 10);
    EXPECT_GT(stream.unsent(), 0u);
  });
  peer.reset();
}

// Half a response cannot be taken back: either the message is whole, or NO is said before it
// begins, or the connection ends.
TEST(ImapSession, AMessageThatCannotBeReadIsNeverShownAsWhole) {
  bool met = true;
  unsigned refused = 0, broken = 0;
  for (std::uint64_t n = 1; met; ++n) {
    ASSERT_LT(n, 100u);
    World world(with_passwords(n));
    world.run(fill(world, 1, 20'000));
    auto client = [&]() -> Task<> {
      auto peer = co_await login(world);
      CHECK(peer);
      world.disk().fail_operation(n);
      CHECK(co_await (*peer)->say("a FETCH 1 BODY.PEEK[]\r\n"));
      auto line = co_await (*peer)->line();
      if (!line) {
        ++broken;
        co_return;
      }
      if (line->starts_with("a NO")) {
        EXPECT_TRUE(line->starts_with("a NO [UNAVAILABLE]")) << *line;
        ++refused;
        co_return;
      }
      EXPECT_TRUE(line->starts_with("* 1 FETCH (BODY[] {")) << *line;
      auto octets = co_await (*peer)->until("\r\na OK");
      if (octets) {
        EXPECT_TRUE(octets->contains("line 19999\r\n)\r\na OK"));
      } else {
        ++broken;
      }
    };
    world.run(client());
    met = world.disk().fault_was_met();
    world.disk().fail_operation(0);
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(broken, 0u);
}

// What was answered OK is there after a power cut, whichever operation fails on the way.
TEST(ImapSession, AppendSaysOkOnlyForWhatIsKept) {
  bool met = true;
  unsigned said_no = 0;
  for (std::uint64_t n = 1; met; ++n) {
    ASSERT_LT(n, 100u);
    bool fatal = false;
    Config config = with_passwords(n);
    config.store.fatal = [&fatal](const Error&) { fatal = true; };
    World world(config);
    bool ok = false;
    auto client = [&]() -> Task<> {
      auto peer = co_await login(world);
      CHECK(peer);
      world.disk().fail_operation(n);
      CHECK(co_await (*peer)->say("a APPEND INBOX {14+}\r\nSubject: x\r\n\r\n\r\n"));
      for (;;) {
        auto line = co_await (*peer)->line();
        CHECK(line);
        if (!line->starts_with("a ")) continue;
        ok = line->starts_with("a OK");
        if (!ok) EXPECT_TRUE(line->starts_with("a NO [UNAVAILABLE]")) << *line;
        break;
      }
    };
    world.run(client());
    met = world.disk().fault_was_met();
    world.disk().fail_operation(0);
    said_no += !ok;
    world.power_cut();
    world.start();
    std::size_t kept = 0;
    auto look = [&]() -> Task<> { kept = (co_await world.inbox("ann@example.org"))->size(); };
    world.run(look());
    if (ok) EXPECT_EQ(kept, 1u) << n;
    if (!ok && !fatal) EXPECT_EQ(kept, 0u) << n;
  }
  EXPECT_GT(said_no, 0u);
}

}  // namespace
}  // namespace posta::world
