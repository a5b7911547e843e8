// tls_worlds_test.h: two ends of a connection that speak TLS, in both worlds.
#pragma once

#include "net/tls.h"
#include "net/tls_transport.h"
#include "net/worlds_test.h"

namespace posta::net::testing {

constexpr std::chrono::seconds kPatience{20};

// The time of the world, so that certificates are good in it.
inline TlsCertificate certificate_for(World& world, std::vector<std::string> names) {
  return self_signed_certificate(names, world.executor().wall(), std::chrono::days(30));
}

inline std::shared_ptr<TlsServer> tls_server(World& world, TlsServerOptions options) {
  options.entropy = world.simulated() ? &world.executor() : nullptr;
  auto server = TlsServer::create(std::move(options));
  CHECK(server);
  return *server;
}

inline std::shared_ptr<TlsClient> tls_client(World& world, TlsClientOptions options = {}) {
  options.system_cas = false;
  options.entropy = world.simulated() ? &world.executor() : nullptr;
  auto client = TlsClient::create(std::move(options));
  CHECK(client);
  return *client;
}

struct Secured {
  Pair pair;
  Result<TlsInfo> client = fail(Error::Kind::unavailable, "not tried");
  Result<TlsInfo> server = fail(Error::Kind::unavailable, "not tried");
};

inline Task<> accept_into(Stream& stream, std::shared_ptr<TlsServer> tls, Result<TlsInfo>& out) {
  out = co_await accept_tls(stream, std::move(tls), kPatience);
}

// A handshake of both ends, whatever comes of it.
inline Task<Secured> secured(World& world, std::shared_ptr<TlsServer> server,
                             std::shared_ptr<TlsClient> client, TlsPeer peer) {
  Secured out;
  out.pair = co_await connected(world);
  Nursery nursery(world.executor());
  nursery.spawn(accept_into(*out.pair.server, std::move(server), out.server));
  out.client = co_await connect_tls(out.pair.client->stream(), std::move(client), std::move(peer),
                                    kPatience);
  if (!out.client) out.pair.client.reset();
  co_await nursery.join();
  co_return std::move(out);
}

// One line each way.
inline Task<> chat(Secured& secured) {
  EXPECT_TRUE(co_await secured.pair.client->say("ping\n"));
  Error::Kind why{};
  EXPECT_EQ(co_await next_line(*secured.pair.server, why), "ping\n");
  secured.pair.server->put("pong\n");
  EXPECT_TRUE(co_await secured.pair.server->flush());
  EXPECT_EQ(co_await secured.pair.client->line(), "pong");
}

// Parameter: 0 is the real world, others are seeds of simulated ones.
class TlsWorlds : public ::testing::TestWithParam<int> {
 protected:
  std::unique_ptr<World> world_ =
      make_world(GetParam() == 0, static_cast<std::uint64_t>(GetParam()));
  void run(Task<> (*test)(World&)) { world_->run(test(*world_)); }
};

inline std::string tls_world_name(const ::testing::TestParamInfo<int>& info) {
  return info.param == 0 ? std::string("Real") : "Seed" + std::to_string(info.param);
}

}  // namespace posta::net::testing
