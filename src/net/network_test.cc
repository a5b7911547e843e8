// Listeners and connecting, in both worlds.

#include "net/worlds_test.h"

namespace posta::net::testing {
namespace {

class NetworkTest : public ::testing::TestWithParam<int> {
 protected:
  std::unique_ptr<World> world_ =
      make_world(GetParam() == 0, static_cast<std::uint64_t>(GetParam()));
};

std::string world_name(const ::testing::TestParamInfo<int>& info) {
  return info.param == 0 ? std::string("Real") : "Seed" + std::to_string(info.param);
}
INSTANTIATE_TEST_SUITE_P(Worlds, NetworkTest, ::testing::Range(0, 6), world_name);

Task<> connect_to_nobody(World& world) {
  auto listener = world.network().listen(world.executor(), kLoopback);
  CHECK(listener);
  Endpoint nobody = (*listener)->local();
  listener->reset();
  auto refused = co_await world.network().connect(nobody, 1min, nullptr);
  EXPECT_TRUE(!refused && refused.error().is(Error::Kind::unavailable));
  EXPECT_NE(refused.error().what.find(nobody.str()), std::string::npos) << refused.error().what;
  EXPECT_NE(refused.error().what.find("refused"), std::string::npos);
}

TEST_P(NetworkTest, AConnectionNobodyListensForIsRefused) {
  world_->run(connect_to_nobody(*world_));
}

Task<> accept_until_stopped(Listener& listener, runtime::Stop& stop, Result<>& result) {
  auto connection = co_await listener.accept(&stop);
  if (!connection) result = Failure(connection.error());
}

Task<> stop_accepting(World& world) {
  auto listener = world.network().listen(world.executor(), kLoopback);
  CHECK(listener);
  Nursery nursery(world.executor());
  Result<> result;
  nursery.spawn(accept_until_stopped(**listener, nursery.stop(), result));
  co_await runtime::sleep_for(2ms);
  nursery.stop().request();
  co_await nursery.join();
  EXPECT_TRUE(!result && result.error().is(Error::Kind::cancelled));
  auto connection = co_await world.network().connect((*listener)->local(), 1min, &nursery.stop());
  EXPECT_TRUE(!connection && connection.error().is(Error::Kind::cancelled));
}

TEST_P(NetworkTest, AStopEndsAcceptingAndConnecting) {
  world_->run(stop_accepting(*world_));
}

constexpr int kClients = 100;

Task<> count_accepts(Listener& listener, runtime::Stop& stop, int& count, int& total,
                     std::vector<std::unique_ptr<Transport>>& kept) {
  for (;;) {
    auto connection = co_await listener.accept(&stop);
    if (!connection) co_return;
    kept.push_back(std::move(*connection));
    ++count;
    if (++total == kClients) stop.request();
  }
}

Task<> share(World& world) {
  auto first = world.network().listen(world.executor(), kLoopback);
  CHECK(first);
  auto second = world.network().listen(world.executor(), (*first)->local());
  EXPECT_TRUE(second) << describe(second.error());
  Nursery nursery(world.executor());
  int total = 0, one = 0, other = 0;
  std::vector<std::unique_ptr<Transport>> kept, clients;
  nursery.spawn(count_accepts(**first, nursery.stop(), one, total, kept));
  nursery.spawn(count_accepts(**second, nursery.stop(), other, total, kept));
  for (int i = 0; i < kClients; ++i) {
    auto client = co_await world.network().connect((*first)->local(), 1min, nullptr);
    EXPECT_TRUE(client);
    if (client) clients.push_back(std::move(*client));
  }
  co_await nursery.join();
  EXPECT_EQ(one + other, kClients);
  EXPECT_GT(one, 0);
  EXPECT_GT(other, 0);
}

TEST_P(NetworkTest, ListenersOnOneEndpointShareItsConnections) {
  world_->run(share(*world_));
}

Task<> any_address(World& world) {
  Endpoint any;
  auto listener = world.network().listen(world.executor(), any);
  CHECK(listener);
  Endpoint there{kLoopback.ip, (*listener)->local().port};
  auto client = co_await world.network().connect(there, 1min, nullptr);
  CHECK(client);
  auto server = co_await (*listener)->accept(nullptr);
  CHECK(server);
  EXPECT_EQ((*server)->local(), there);
  EXPECT_EQ((*server)->peer(), (*client)->local());
}

TEST_P(NetworkTest, AListenerOnAnyAddressLearnsWhichOneWasCalled) {
  world_->run(any_address(*world_));
}

Task<> stormy(World& world, int& closed) {
  std::vector<Pair> pairs;
  for (int i = 0; i < 3; ++i) pairs.push_back(co_await connected(world));
  pairs[0].client.reset();
  pairs[1].server.reset();
  Error::Kind why{};
  co_await next_line(*pairs[0].server, why);
  closed += why == Error::Kind::closed;
  auto rest = co_await pairs[1].client->rest();
  closed += rest.has_value();
}

TEST_P(NetworkTest, ClosingOneSideIsTheEndForTheOther) {
  int closed = 0;
  world_->run(stormy(*world_, closed));
  EXPECT_EQ(closed, 2);
}

}  // namespace
}  // namespace posta::net::testing
