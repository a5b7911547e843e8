// The simulated house itself: that it survives what it is there to survive.
#include "world/world.h"

#include "net/sim/peer.h"

namespace posta::world {
namespace {

using net::sim::Peer;

// Sends letters until the connection breaks; counts those that were answered 250.
Task<> send_letters(World& world, int letters, int& accepted) {
  auto transport = co_await world.dial(*net::IpAddress::parse("192.0.2.7"), world.smtp_endpoint());
  if (!transport) co_return;
  Peer peer(std::make_unique<net::Stream>(world.executor(), std::move(*transport)));
  co_await peer.line();
  co_await peer.say("HELO client.example.net\r\n");
  co_await peer.line();
  for (int i = 0; i < letters; ++i) {
    co_await peer.say("MAIL FROM:<>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n");
    for (int reply = 0; reply < 3; ++reply)
      if (!co_await peer.line()) co_return;
    co_await peer.say("Subject: x\r\n\r\n.\r\n");
    auto said = co_await peer.line();
    if (!said) co_return;
    accepted += said->starts_with("250 2.0.0 ");
  }
}

Task<> count_inbox(World& world, std::size_t& messages) {
  auto inbox = co_await world.inbox("ann@example.org");
  CHECK(inbox);
  messages = inbox->size();
}

TEST(World, AfterAPowerCutWhatWasAnswered250IsThere) {  // house D7.1
  int lived_through = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Config config;
    config.seed = seed;
    World world(config);
    int accepted = 0;
    runtime::Nursery clients(world.executor());
    for (int i = 0; i < 3; ++i) clients.spawn(send_letters(world, 20, accepted));
    world.executor().run_for(std::chrono::milliseconds(5 * seed));
    world.power_cut();
    while (clients.size() > 0) ASSERT_TRUE(world.executor().step());
    lived_through += accepted > 0 && accepted < 60;
    world.start();
    std::size_t messages = 0;
    world.run(count_inbox(world, messages));
    // One for each client may be there without its 250, which was lost on the way.
    EXPECT_GE(messages, static_cast<std::size_t>(accepted)) << "seed " << seed;
    EXPECT_LE(messages, static_cast<std::size_t>(accepted) + 3) << "seed " << seed;
  }
  EXPECT_GT(lived_through, 10) << "the cuts came too early or too late to prove anything";
}

TEST(World, AGracefulEndLosesNothing) {
  World world;
  int accepted = 0;
  world.run(send_letters(world, 5, accepted));
  EXPECT_EQ(accepted, 5);
  world.shut_down();
  world.start();
  std::size_t messages = 0;
  world.run(count_inbox(world, messages));
  EXPECT_EQ(messages, 5u);
}

}  // namespace
}  // namespace posta::world
