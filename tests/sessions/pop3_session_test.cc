// What dialogues of POP3 cannot see: memory, and a store that fails in the middle.
#include "base/text.h"
#include "net/sim/peer.h"
#include "server/pop3/session.h"
#include "wire/message/digest.h"
#include "world/world.h"

namespace posta::world {
namespace {

using net::sim::Peer;

// What an idle session keeps beside its stream and its coroutine frames (house D5: part of the
// budget of an idle connection).
static_assert(sizeof(server::pop3::Session) <= 256);

Config with_passwords(std::uint64_t seed) {
  Config config;
  config.seed = seed;
  config.passwords = true;
  config.network.buffer_octets = 1_MiB;
  config.store.fatal = [](const Error&) {};
  return config;
}

const std::string& big_message() {
  static const std::string message = [] {
    std::string out = "Subject: big\r\n\r\n";
    for (int i = 0; i < 12'000; ++i) out += ".line " + std::to_string(i) + " of many\r\n";
    return out;
  }();
  return message;
}

Task<> fill(World& world, std::string octets) {
  auto id = co_await world.account_of("ann@example.org");
  CHECK(id);
  auto body = world.house().store->new_body();
  mailbox::Arrival arrival;
  arrival.digest =
      std::make_shared<const std::string>(wire::message::encode(wire::message::digest_of(octets)));
  CHECK(co_await body->write(std::move(octets)));
  CHECK(co_await body->finish());
  arrival.body = body->ref();
  CHECK(co_await world.house().mailboxes.append(*id, std::move(arrival), std::move(body)));
}

Task<Result<std::unique_ptr<Peer>>> login(World& world) {
  CO_TRY(auto peer, co_await Peer::dial(world.network(), world.pop3_endpoint()));
  CO_TRY_VOID(co_await peer->line());
  CO_TRY_VOID(
      co_await peer->say("USER ann@example.org\r\nPASS " + std::string(kPassword) + "\r\n"));
  CO_TRY_VOID(co_await peer->line());
  CO_TRY(std::string line, co_await peer->line());
  if (!line.starts_with("+OK")) co_return fail(Error::Kind::conflict, line);
  co_return std::move(peer);
}

TEST(Pop3Session, AnIdleSessionHoldsNoBuffers) {
  World world(with_passwords(1));
  world.run(fill(world, big_message()));
  std::unique_ptr<Peer> peer;
  auto client = [&]() -> Task<> {
    auto in = co_await login(world);
    CHECK(in);
    peer = std::move(*in);
    CHECK(co_await peer->say("RETR 1\r\nUIDL\r\nNOOP\r\n"));
    CHECK(co_await peer->until("Nothing done\r\n"));
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

// RFC 1939 §3 has no way to say that a message broke off: the client must not take a part for all.
TEST(Pop3Session, AMessageThatCannotBeReadIsNeverShownAsWhole) {
  std::string whole;
  for (std::string_view line : split(big_message(), '\n'))
    if (!line.empty()) whole += (line.starts_with('.') ? "." : "") + std::string(line) + "\n";
  bool met = true;
  unsigned refused = 0, broken = 0;
  for (std::uint64_t n = 1; met; ++n) {
    ASSERT_LT(n, 100u);
    World world(with_passwords(n));
    world.run(fill(world, big_message()));
    auto client = [&]() -> Task<> {
      auto peer = co_await login(world);
      CHECK(peer);
      world.disk().fail_operation(n);
      CHECK(co_await (*peer)->say("RETR 1\r\n"));
      auto line = co_await (*peer)->line();
      CHECK(line);
      if (line->starts_with("-ERR")) {
        EXPECT_TRUE(line->starts_with("-ERR [SYS/TEMP]")) << *line;
        ++refused;
      } else if (auto octets = co_await (*peer)->until("\r\n.\r\n")) {
        EXPECT_EQ(octets->size(), whole.size() + 3);
        EXPECT_TRUE(octets->starts_with(whole));
      } else {
        ++broken;
        EXPECT_EQ(world.events().count("pop3.trouble"), 1u);
      }
    };
    world.run(client());
    met = world.disk().fault_was_met();
    world.disk().fail_operation(0);
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(broken, 0u);
}

TEST(Pop3Session, QuitSaysWhatBecameOfTheMarkedWhicheverOperationFails) {
  bool met = true;
  unsigned said_no = 0;
  for (std::uint64_t n = 1; met; ++n) {
    ASSERT_LT(n, 100u);
    bool broken = false;
    Config config = with_passwords(n);
    config.store.fatal = [&broken](const Error&) { broken = true; };
    World world(config);
    world.run(fill(world, "Subject: 1\r\n\r\n"));
    world.run(fill(world, "Subject: 2\r\n\r\n"));
    bool ok = false;
    auto client = [&]() -> Task<> {
      auto peer = co_await login(world);
      CHECK(peer);
      CHECK(co_await (*peer)->say("RETR 2\r\nDELE 1\r\n"));
      CHECK(co_await (*peer)->until("at QUIT\r\n"));
      world.disk().fail_operation(n);
      CHECK(co_await (*peer)->say("QUIT\r\n"));
      auto line = co_await (*peer)->line();
      CHECK(line);
      ok = line->starts_with("+OK");
      if (!ok) EXPECT_TRUE(line->starts_with("-ERR [SYS/TEMP]")) << *line;
    };
    world.run(client());
    met = world.disk().fault_was_met();
    world.disk().fail_operation(0);
    said_no += !ok;
    world.power_cut();
    world.start();
    std::size_t left = 0;
    auto look = [&]() -> Task<> { left = (co_await world.inbox("ann@example.org"))->size(); };
    world.run(look());
    if (ok) EXPECT_EQ(left, 1u) << n;
    if (!ok && !broken) EXPECT_EQ(left, 2u) << n;  // a broken store ends the process: either way
  }
  EXPECT_GT(said_no, 0u);
}

}  // namespace
}  // namespace posta::world
