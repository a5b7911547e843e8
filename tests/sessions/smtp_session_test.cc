// What dialogues of SMTP cannot see: how replies leave.
#include "net/sim/peer.h"
#include "world/world.h"

namespace posta::world {
namespace {

using net::sim::Peer;

// A transport that counts what is written through it.
class Counting final : public net::Transport {
 public:
  Counting(std::unique_ptr<net::Transport> real, std::vector<std::string>& writes)
      : real_(std::move(real)), writes_(writes) {}
  net::Io try_read(std::span<char> into) override { return real_->try_read(into); }
  net::Io try_write(std::string_view octets) override {
    net::Io io = real_->try_write(octets);
    if (io.kind == net::Io::Kind::done) writes_.emplace_back(octets.substr(0, io.count));
    return io;
  }
  void wait(net::Direction d, net::Waiter& waiter) override { real_->wait(d, waiter); }
  void cancel(net::Direction d) override { real_->cancel(d); }
  void shutdown_write() override { real_->shutdown_write(); }
  const net::Endpoint& peer() const override { return real_->peer(); }
  const net::Endpoint& local() const override { return real_->local(); }

 private:
  std::unique_ptr<net::Transport> real_;
  std::vector<std::string>& writes_;
};

// Nothing is cut and nothing is late, so that writes can be counted.
net::sim::Settings plain_network() {
  net::sim::Settings settings;
  settings.tiny_percent = settings.short_read_percent = settings.short_write_percent = 0;
  settings.piece_octets_max = 1 << 20;
  settings.buffer_octets = 1 << 20;
  settings.delay_max = settings.delay_min;
  return settings;
}

Task<> serve_counted(World& world, net::Listener& listener, std::vector<std::string>& writes) {
  auto transport = co_await listener.accept(nullptr);
  CHECK(transport);
  co_await world.house().smtp.serve(std::make_unique<Counting>(std::move(*transport), writes));
}

// The house's SMTP server behind a transport that counts.
struct CountedServer {
  explicit CountedServer(World& w) : world(w), nursery(w.executor()) {
    auto listening = world.network().host(side.ip).listen(world.executor(), side);
    CHECK(listening);
    listener = std::move(*listening);
    nursery.spawn(serve_counted(world, *listener, writes));
  }
  World& world;
  net::Endpoint side{world.smtp_endpoint().ip, 2525};
  std::unique_ptr<net::Listener> listener;
  std::vector<std::string> writes;
  runtime::Nursery nursery;
};

Config plain_config() {
  Config config;
  config.network = plain_network();
  return config;
}

Task<> say_all(CountedServer& server, std::string octets, std::string& heard) {
  auto peer = co_await Peer::dial(server.world.network(), server.side);
  CHECK(peer);
  co_await (*peer)->line();
  co_await (*peer)->say(std::move(octets));
  auto rest = co_await (*peer)->rest();
  heard = rest ? *rest : describe(rest.error());
  co_await server.nursery.join();
}

Task<> pipeline(CountedServer& server) {
  auto peer = co_await Peer::dial(server.world.network(), server.side);
  CHECK(peer);
  co_await (*peer)->line();
  co_await (*peer)->say("EHLO client.example.net\r\n");
  co_await (*peer)->until("RCPTMAX=1000\r\n");
  co_await (*peer)->say(
      "MAIL FROM:<>\r\nRCPT TO:<ann@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n");
  co_await (*peer)->until("354 End data with <CR><LF>.<CR><LF>\r\n");
  co_await (*peer)->say("Subject: x\r\n\r\n.\r\nMAIL FROM:<>\r\nRSET\r\nQUIT\r\n");
  co_await (*peer)->rest();
  co_await server.nursery.join();
}

TEST(Session, RepliesToAPipelineLeaveInOneWrite) {  // RFC 2920 §3.2 (2)
  World world(plain_config());
  CountedServer server(world);
  world.run(pipeline(server));
  const std::vector<std::string>& writes = server.writes;
  std::string all;
  for (const std::string& write : writes) all += write + "--\n";
  ASSERT_EQ(writes.size(), 5u) << all;  // greeting, EHLO, MAIL to 354, end of data, MAIL to 221
  EXPECT_TRUE(writes[2].starts_with("250 2.1.0 ")) << all;
  EXPECT_TRUE(writes[2].ends_with("354 End data with <CR><LF>.<CR><LF>\r\n")) << all;
  EXPECT_TRUE(writes[3].starts_with("250 2.0.0 ")) << all;
  EXPECT_TRUE(writes[4].ends_with("221 2.0.0 Bye\r\n")) << all;
}

TEST(Session, RepliesOctetsMaxIsWhatAPipelineMayKeepWaiting) {
  Config config = plain_config();
  config.smtp.limits.replies_octets_max = 100;
  World world(config);
  CountedServer server(world);
  std::string pipelined, heard;
  for (int i = 0; i < 50; ++i) pipelined += "RSET\r\n";
  world.run(say_all(server, pipelined + "QUIT\r\n", heard));
  EXPECT_TRUE(heard.ends_with("221 2.0.0 Bye\r\n")) << heard;
  ASSERT_GT(server.writes.size(), 3u);
  for (const std::string& write : server.writes) EXPECT_LE(write.size(), 100u + 64u) << write;
}

// RFC 5321 §3.8: the client sees the last word although it goes on sending, but it cannot keep us.
TEST(Session, LingerIsBoundedInOctets) {
  Config config = plain_config();
  config.smtp.limits.linger_octets_max = 10'000;
  World world(config);
  CountedServer server(world);
  std::string heard;
  Instant before = world.executor().now();
  world.run(say_all(server, "QUIT\r\n" + std::string(100'000, 'x'), heard));
  ASSERT_FALSE(server.writes.empty());
  EXPECT_EQ(server.writes.back(), "221 2.0.0 Bye\r\n");
  EXPECT_LT(world.executor().now() - before, config.smtp.limits.linger);
}

Task<> quit_and_stay(CountedServer& server, std::string& heard) {
  auto peer = co_await Peer::dial(server.world.network(), server.side);
  CHECK(peer);
  co_await (*peer)->line();
  co_await (*peer)->say("QUIT\r\nand then");
  auto line = co_await (*peer)->line();
  heard = line ? *line : describe(line.error());
  co_await server.nursery.join();  // the client never ends its side
}

TEST(Session, LingerIsBoundedInTime) {
  World world(plain_config());
  CountedServer server(world);
  std::string heard;
  Instant before = world.executor().now();
  world.run(quit_and_stay(server, heard));
  EXPECT_EQ(heard, "221 2.0.0 Bye");
  Duration took = world.executor().now() - before;
  EXPECT_GE(took, server::smtp::Limits().linger);
  EXPECT_LT(took, server::smtp::Limits().linger + std::chrono::seconds(1));
}

}  // namespace
}  // namespace posta::world
