#include "server/session/census.h"

#include "server/session/reception.h"

namespace posta::server {
namespace {

net::IpAddress ip(std::string_view text) {
  return *net::IpAddress::parse(text);
}

TEST(Census, SessionsMaxHoldsForEverybody) {
  Census census({.sessions_max = 2, .sessions_per_address_max = 10});
  auto first = census.enter(ip("192.0.2.1"), false);
  auto second = census.enter(ip("127.0.0.1"), true);
  ASSERT_TRUE(first && second);
  auto third = census.enter(ip("127.0.0.1"), true);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), Census::Full::sessions);
  EXPECT_EQ(census.sessions(), 2u);
}

TEST(Census, SessionsPerAddressMaxHoldsForStrangersOnly) {
  Census census({.sessions_max = 100, .sessions_per_address_max = 1});
  auto first = census.enter(ip("192.0.2.1"), false);
  auto again = census.enter(ip("192.0.2.1"), false);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), Census::Full::address);
  EXPECT_TRUE(census.enter(ip("192.0.2.2"), false));
  EXPECT_TRUE(census.enter(ip("192.0.2.1"), true));
}

TEST(Census, TheHallHoldsForAllServicesTogetherAndForTheTrusted) {
  Hall hall(2);
  Census smtp({.sessions_max = 10, .sessions_per_address_max = 10}, &hall);
  Census imap({.sessions_max = 10, .sessions_per_address_max = 10}, &hall);
  auto first = smtp.enter(ip("192.0.2.1"), false);
  {
    auto second = imap.enter(ip("192.0.2.2"), false);
    ASSERT_TRUE(first && second);
    auto third = smtp.enter(ip("127.0.0.1"), true);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error(), Census::Full::descriptors);
    EXPECT_EQ(smtp.sessions(), 1u);
  }
  EXPECT_TRUE(smtp.enter(ip("127.0.0.1"), true));
  EXPECT_TRUE(imap.enter(ip("127.0.0.1"), true));
}

TEST(Census, ASeatThatIsGivenBackIsFree) {
  Census census({.sessions_max = 1, .sessions_per_address_max = 1});
  {
    auto seat = census.enter(ip("192.0.2.1"), false);
  }
  EXPECT_EQ(census.sessions(), 0u);
  EXPECT_TRUE(census.enter(ip("192.0.2.1"), false));
}

TEST(Census, AnIpv6NetworkOf64BitsCountsAsOneAddress) {
  Census census({.sessions_max = 100, .sessions_per_address_max = 1});
  auto first = census.enter(ip("2001:db8:0:1::1"), false);
  EXPECT_FALSE(census.enter(ip("2001:db8:0:1:ffff::9"), false));
  EXPECT_TRUE(census.enter(ip("2001:db8:0:2::1"), false));
}

TEST(Census, NoTwoSessionsHaveTheSameName) {
  Census census({});
  WallTime now{std::chrono::milliseconds(1'767'225'600'000)};
  std::set<std::string> names;
  for (int i = 0; i < 10'000; ++i) names.insert(census.new_session_id(now));
  names.insert(census.new_session_id(now - std::chrono::hours(1)));
  EXPECT_EQ(names.size(), 10'001u);
}

TEST(Networks, LoopbackIsTrustedUnlessSaidOtherwise) {
  Reception reception;
  EXPECT_TRUE(reception.trusted.contain(ip("127.0.0.53")));
  EXPECT_TRUE(reception.trusted.contain(ip("::1")));
  EXPECT_TRUE(reception.trusted.contain(ip("::ffff:127.0.0.1")));
  EXPECT_FALSE(reception.trusted.contain(ip("192.0.2.1")));
  EXPECT_FALSE(Networks().contain(ip("127.0.0.1")));
}

}  // namespace
}  // namespace posta::server
