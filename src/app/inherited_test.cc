#include "app/inherited.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/asio/network.h"

namespace posta::app {
namespace {

net::Endpoint at(const std::string& text) {
  return *net::Endpoint::parse(text);
}

// As systemd opens one: kept by nobody here, its number is passed on.
int opened(const net::Endpoint& endpoint) {
  auto socket = net::asio::open_listening(endpoint);
  EXPECT_TRUE(socket) << socket.error().what;
  return dup(socket->get());
}

TEST(Inherited, SocketsAreMatchedByTheirAddressThenByTheirName) {
  Config config;
  int a = opened(at("127.0.0.1:0")), b = opened(at("127.0.0.1:0"));
  config.pop3_listen = {net::asio::local_endpoint(a)};
  net::Endpoint elsewhere = net::asio::local_endpoint(b);
  auto matched = match_inherited(config, {{a, "unknown"}, {b, "smtp"}});
  ASSERT_TRUE(matched) << matched.error().what;
  ASSERT_EQ(matched->open.size(), 2u);
  EXPECT_EQ(matched->open[0].what.service, "pop3");
  EXPECT_EQ(matched->open[1].what, (Listening{"smtp", elsewhere}));
  EXPECT_EQ(config.smtp_listen, std::vector{elsewhere}) << "now part of the configuration";
}

TEST(Inherited, ASocketForNoServiceIsAnError) {
  Config config;
  auto matched = match_inherited(config, {{opened(at("127.0.0.1:0")), "web"}});
  ASSERT_FALSE(matched);
  EXPECT_TRUE(matched.error().is(Error::Kind::config));
}

TEST(Inherited, WhatDoesNotListenIsAnError) {
  Config config;
  EXPECT_FALSE(match_inherited(config, {{socket(AF_INET, SOCK_STREAM, 0), "smtp"}}));
  EXPECT_FALSE(match_inherited(config, {{dup(0), "smtp"}}));
}

TEST(Inherited, AnIpv6SocketOnEveryAddressTakesIpv4TooUnlessItSaysNot) {
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  if (fd < 0) GTEST_SKIP() << "this machine has no IPv6";
  int off = 0;
  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  auto address = net::asio::to_address(at("[::]:0"));
  if (bind(fd, address.get(), address.length) != 0) GTEST_SKIP() << "this machine has no IPv6";
  ASSERT_EQ(listen(fd, 8), 0);
  net::Endpoint six = net::asio::local_endpoint(fd);
  Config config;
  config.smtp_listen = {{net::IpAddress(), six.port}, six};
  auto matched = match_inherited(config, {{fd, "unknown"}});
  ASSERT_TRUE(matched);
  EXPECT_EQ(matched->covered, std::vector{config.smtp_listen[0]});
}

}  // namespace
}  // namespace posta::app
