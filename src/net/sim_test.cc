// What only the simulated network has: seeds, faults, hosts.

#include "net/worlds_test.h"

namespace posta::net::testing {
namespace {

const IpAddress kServer = *IpAddress::parse("192.0.2.25");
const IpAddress kRelay = *IpAddress::parse("2001:db8::1");
const Endpoint kService{kServer, 25};

Task<> answer(std::unique_ptr<Stream> stream) {
  stream->set_timeout(1min);
  for (;;) {
    std::size_t end = stream->input().find('\n');
    if (end == std::string_view::npos) {
      if (!co_await stream->flush() || !co_await stream->fill()) co_return;
      continue;
    }
    stream->put(stream->input().substr(0, end + 1));
    stream->consume(end + 1);
  }
}

Task<> serve(SimWorld& world, Listener& listener, Nursery& sessions) {
  for (;;) {
    auto connection = co_await listener.accept(&sessions.stop());
    if (!connection) co_return;
    sessions.spawn(answer(std::make_unique<Stream>(world.executor(), std::move(*connection))));
  }
}

struct Tally {
  int done = 0, closed = 0, timeout = 0, refused = 0;
};

void count(Tally& tally, const Error& error) {
  tally.closed += error.is(Error::Kind::closed);
  tally.timeout += error.is(Error::Kind::timeout);
  tally.refused += error.is(Error::Kind::unavailable);
}

Task<> ask(SimWorld& world, int number, Tally& tally) {
  auto transport = co_await world.network().host(kRelay).connect(kService, 1min, nullptr);
  if (!transport) {
    count(tally, transport.error());
    co_return;
  }
  Peer peer(std::make_unique<Stream>(world.executor(), std::move(*transport)));
  for (int i = 0; i < 20; ++i) {
    std::string line = fmt::format("{} {} {}\n", number, i, std::string(std::size_t(i) * 100, 'x'));
    auto said = co_await peer.say(line);
    if (!said) {
      count(tally, said.error());
      co_return;
    }
    auto heard = co_await peer.until("\n");
    if (!heard) {
      count(tally, heard.error());
      co_return;
    }
    EXPECT_EQ(*heard, line);
  }
  ++tally.done;
}

Task<> many(SimWorld& world, Tally& tally) {
  auto listener = world.network().host(kServer).listen(world.executor(), {IpAddress(), 25});
  CHECK(listener && (*listener)->local() == kService);
  Nursery sessions(world.executor());
  sessions.spawn(serve(world, **listener, sessions));
  Nursery clients(world.executor());
  for (int i = 0; i < 10; ++i) clients.spawn(ask(world, i, tally));
  co_await clients.join();
  sessions.stop().request();
  co_await sessions.join();
}

std::uint64_t hash_of(std::uint64_t seed, sim::Settings settings, Tally& tally) {
  SimWorld world(seed, settings);
  world.run(many(world, tally));
  EXPECT_EQ(world.network().connections(), 0u);
  return world.executor().trace_hash();
}

TEST(SimNetwork, OneSeedRunTwiceGivesTheSameTraceHash) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Tally tally;
    std::uint64_t first = hash_of(seed, sim::Settings(), tally);
    EXPECT_EQ(tally.done, 10);
    EXPECT_EQ(first, hash_of(seed, sim::Settings(), tally));
    hashes.insert(first);
  }
  EXPECT_EQ(hashes.size(), 10u);
}

TEST(SimNetwork, FaultsHappenAsTheSettingsSay) {
  Tally resets, holes, refusals;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    hash_of(seed, {.resets_per_million = 20'000}, resets);
    hash_of(seed, {.black_holes_per_million = 20'000}, holes);
    hash_of(seed, {.refused_percent = 50}, refusals);
  }
  EXPECT_GT(resets.done, 0);
  EXPECT_GT(resets.closed, 0);
  EXPECT_EQ(resets.timeout, 0);
  EXPECT_GT(holes.done, 0);
  EXPECT_GT(holes.timeout, 0);
  EXPECT_GT(refusals.done, 0);
  EXPECT_GT(refusals.refused, 0);
}

TEST(SimNetwork, AFaultySeedRunTwiceGivesTheSameTraceHash) {
  sim::Settings faulty{.resets_per_million = 10'000, .black_holes_per_million = 10'000};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Tally tally;
    EXPECT_EQ(hash_of(seed, faulty, tally), hash_of(seed, faulty, tally)) << seed;
  }
}

Task<> crash_in_the_middle(SimWorld& world, Tally& tally) {
  auto listener = world.network().host(kServer).listen(world.executor(), kService);
  CHECK(listener);
  Nursery sessions(world.executor());
  sessions.spawn(serve(world, **listener, sessions));
  Nursery clients(world.executor());
  for (int i = 0; i < 10; ++i) clients.spawn(ask(world, i, tally));
  co_await runtime::sleep_for(10ms);
  EXPECT_EQ(world.network().connections(), 10u);
  world.network().crash(kServer);
  co_await clients.join();
  auto refused = co_await world.network().host(kRelay).connect(kService, 1min, nullptr);
  EXPECT_TRUE(!refused && refused.error().is(Error::Kind::unavailable));
  sessions.stop().request();
  co_await sessions.join();
  // It comes up again.
  auto again = world.network().host(kServer).listen(world.executor(), kService);
  CHECK(again);
  auto connection = co_await world.network().host(kRelay).connect(kService, 1min, nullptr);
  EXPECT_TRUE(connection);
}

TEST(SimNetwork, ACrashCutsAllConnectionsOfTheHost) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SimWorld world(seed);
    Tally tally;
    world.run(crash_in_the_middle(world, tally));
    EXPECT_EQ(tally.closed, 10) << seed;
  }
}

Task<> isolated(SimWorld& world) {
  Pair pair = co_await connected(world);
  world.network().isolate(kLoopback.ip);
  EXPECT_TRUE(co_await pair.client->say("into the void\n"));
  pair.server->set_timeout(1h);
  auto more = co_await pair.server->fill();
  EXPECT_TRUE(!more && more.error().is(Error::Kind::timeout));
  auto unanswered = co_await world.network().connect(pair.server->local(), 1min, nullptr);
  EXPECT_TRUE(!unanswered && unanswered.error().is(Error::Kind::timeout));
  world.network().heal(kLoopback.ip);
  Error::Kind why{};
  EXPECT_EQ(co_await next_line(*pair.server, why), "into the void\n");
}

TEST(SimNetwork, AnIsolatedHostAnswersNothingUntilItIsHealed) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SimWorld world(seed);
    world.run(isolated(world));
  }
}

Task<> overflow(SimWorld& world) {
  auto listener = world.network().listen(world.executor(), kLoopback);
  CHECK(listener);
  std::vector<std::unique_ptr<Transport>> kept;
  for (int i = 0; i < 3; ++i) {
    auto client = co_await world.network().connect((*listener)->local(), 1min, nullptr);
    EXPECT_EQ(client.has_value(), i < 2);
    if (client) kept.push_back(std::move(*client));
  }
}

TEST(SimNetwork, ABacklogThatIsFullRefuses) {
  SimWorld world(1, {.backlog = 2});
  world.run(overflow(world));
}

}  // namespace
}  // namespace posta::net::testing
