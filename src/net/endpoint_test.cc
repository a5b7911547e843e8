#include <gtest/gtest.h>

#include "net/endpoint.h"

namespace posta::net {
namespace {

TEST(IpAddress, WhatIsReadIsPrintedInItsShortestForm) {
  struct Case {
    std::string_view text;
    std::string_view printed = "";  // empty: refused
    std::string_view literal = "";
  };
  const Case cases[] = {
      {.text = "192.0.2.1", .printed = "192.0.2.1", .literal = "[192.0.2.1]"},
      {.text = "0.0.0.0", .printed = "0.0.0.0", .literal = "[0.0.0.0]"},
      {.text = "2001:DB8:0:0:0:0:0:1", .printed = "2001:db8::1", .literal = "[IPv6:2001:db8::1]"},
      {.text = "::", .printed = "::", .literal = "[IPv6:::]"},
      // RFC 5952 §4.2.2: one group alone is not shortened.
      {.text = "2001:db8:0:1:1:1:1:1",
       .printed = "2001:db8:0:1:1:1:1:1",
       .literal = "[IPv6:2001:db8:0:1:1:1:1:1]"},
      // RFC 4291 §2.5.5.2
      {.text = "::ffff:192.0.2.1", .printed = "192.0.2.1", .literal = "[192.0.2.1]"},
      {.text = "::FFFF:C000:0201", .printed = "192.0.2.1", .literal = "[192.0.2.1]"},
      {.text = ""},
      {.text = "192.0.2"},
      {.text = "192.0.2.256"},
      {.text = "192.0.2.01"},
      {.text = "192.0.2.1 "},
      {.text = "fe80::1%lo"},
      {.text = "1:2:3:4:5:6:7:8:9"},
      {.text = std::string_view("192.0.2.1\0x", 11)},
      {.text = "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa"},
  };
  for (const Case& c : cases) {
    auto address = IpAddress::parse(c.text);
    ASSERT_EQ(address.has_value(), !c.printed.empty()) << c.text;
    if (!address) {
      EXPECT_TRUE(address.error().is(Error::Kind::syntax)) << c.text;
      continue;
    }
    EXPECT_EQ(address->str(), c.printed);
    EXPECT_EQ(address->literal(), c.literal);
    EXPECT_EQ(IpAddress::parse(address->str()), *address);
  }
}

TEST(IpAddress, LoopbackAndAnyAreKnownInBothFamilies) {
  for (auto text : {"127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IpAddress::parse(text)->is_loopback()) << text;
  for (auto text : {"128.0.0.1", "::2", "1::1", "0.0.0.1"})
    EXPECT_FALSE(IpAddress::parse(text)->is_loopback()) << text;
  EXPECT_TRUE(IpAddress::parse("::")->is_any());
  EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_any());
  EXPECT_FALSE(IpAddress::parse("0.0.0.1")->is_any());
}

TEST(IpNetwork, ContainsWhatSharesItsPrefix) {
  struct Case {
    std::string_view network;
    std::string_view inside;
    std::string_view outside;
  };
  const Case cases[] = {
      {.network = "192.0.2.0/24", .inside = "192.0.2.255", .outside = "192.0.3.0"},
      {.network = "192.0.2.128/25", .inside = "192.0.2.129", .outside = "192.0.2.127"},
      {.network = "192.0.2.7", .inside = "192.0.2.7", .outside = "192.0.2.6"},
      {.network = "0.0.0.0/0", .inside = "203.0.113.9", .outside = "::1"},
      {.network = "2001:db8::/32", .inside = "2001:db8:ffff::1", .outside = "2001:db9::"},
      {.network = "::/0", .inside = "2001:db8::", .outside = "192.0.2.1"},
      {.network = "::ffff:192.0.2.0/120", .inside = "192.0.2.9", .outside = "192.0.3.9"},
  };
  for (const Case& c : cases) {
    auto network = IpNetwork::parse(c.network);
    ASSERT_TRUE(network) << c.network;
    EXPECT_TRUE(network->contains(*IpAddress::parse(c.inside))) << c.network;
    EXPECT_FALSE(network->contains(*IpAddress::parse(c.outside))) << c.network;
    auto again = IpNetwork::parse(network->str());
    ASSERT_TRUE(again) << network->str();
    EXPECT_EQ(again->str(), network->str());
  }
  for (auto text : {"", "/8", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/+8", "192.0.2.0/08",
                    "2001:db8::/129", "::ffff:192.0.2.0/24", "example.org/8"})
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
}

TEST(IpNetwork, OctetsBeyondThePrefixAreAnErrorWithASuggestion) {
  auto network = IpNetwork::parse("192.0.2.77/24");
  ASSERT_FALSE(network);
  EXPECT_NE(network.error().what.find("did you mean 192.0.2.0/24?"), std::string::npos);
}

TEST(Endpoint, IsReadAndPrintedWithBracketsAroundIpv6) {
  for (auto text : {"192.0.2.1:25", "[2001:db8::1]:25", "[::]:0", "0.0.0.0:65535"}) {
    auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->str(), text);
  }
  for (auto text : {"", "25", ":25", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:025",
                    "192.0.2.1:-1", "2001:db8::1:25", "[2001:db8::1]", "[192.0.2.1]:25", "[]:25",
                    "localhost:25"})
    EXPECT_FALSE(Endpoint::parse(text)) << text;
}

}  // namespace
}  // namespace posta::net
