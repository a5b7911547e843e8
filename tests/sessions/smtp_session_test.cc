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

Task<> pipeline(World& world, std::vector<std::string>& writes) {
  net::Endpoint side{world.smtp_endpoint().ip, 2525};
  auto listener = world.network().host(side.ip).listen(world.executor(), side);
  CHECK(listener);
  runtime::Nursery server(world.executor());
  server.spawn(serve_counted(world, **listener, writes));
  auto peer = co_await Peer::dial(world.network(), side);
  CHECK(peer);
  co_await (*peer)->line();
  co_await (*peer)->say("EHLO client.example.net\r\n");
  co_await (*peer)->until("RCPTMAX=1000\r\n");
  co_await (*peer)->say(
      "MAIL FROM:<>\r\nRCPT TO:<ann@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n");
  co_await (*peer)->until("354 End data with <CR><LF>.<CR><LF>\r\n");
  co_await (*peer)->say("Subject: x\r\n\r\n.\r\nMAIL FROM:<>\r\nRSET\r\nQUIT\r\n");
  co_await (*peer)->rest();
  co_await server.join();
}

TEST(Session, RepliesToAPipelineLeaveInOneWrite) {  // RFC 2920 §3.2 (2)
  Config config;
  config.network = plain_network();
  World world(config);
  std::vector<std::string> writes;
  world.run(pipeline(world, writes));
  std::string all;
  for (const std::string& write : writes) all += write + "--\n";
  ASSERT_EQ(writes.size(), 5u) << all;  // greeting, EHLO, MAIL to 354, end of data, MAIL to 221
  EXPECT_TRUE(writes[2].starts_with("250 2.1.0 ")) << writes[2];
  EXPECT_TRUE(writes[2].ends_with("354 End data with <CR><LF>.<CR><LF>\r\n")) << writes[2];
  EXPECT_TRUE(writes[3].starts_with("250 2.0.0 ")) << writes[3];
  EXPECT_TRUE(writes[4].ends_with("221 2.0.0 Bye\r\n")) << writes[4];
}

}  // namespace
}  // namespace posta::world
