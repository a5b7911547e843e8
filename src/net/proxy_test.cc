#include "net/proxy.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/codec.h"

namespace posta::net {
namespace {

using namespace std::string_literals;

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string v2(std::string_view command_and_family, std::string_view block) {
  std::string out = kSignature;
  out += command_and_family;
  put_be16(out, static_cast<std::uint16_t>(block.size()));
  return out += block;
}

const std::string kBlock4 = "\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x00\x19"s;
const ProxyEnds kEnds4{.source = *Endpoint::parse("192.0.2.1:56324"),
                       .destination = *Endpoint::parse("198.51.100.2:25")};
const ProxyEnds kEnds6{.source = *Endpoint::parse("[2001:db8::1]:1"),
                       .destination = *Endpoint::parse("[2001:db8::2]:65535")};

TEST(Proxy, HeadersSayWhoConnectedWhere) {
  struct Case {
    std::string name;
    std::string input;
    std::optional<ProxyEnds> ends = std::nullopt;
    bool tls = false;
    std::string authority = "";
  };
  const Case cases[] = {
      {.name = "v1 TCP4",
       .input = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\n",
       .ends = kEnds4},
      {.name = "v1 TCP6",
       .input = "PROXY TCP6 2001:db8::1 2001:DB8:0:0:0:0:0:2 1 65535\r\n",
       .ends = kEnds6},
      {.name = "v1 unknown", .input = "PROXY UNKNOWN\r\n"},
      {.name = "v1 unknown with words, as long as can be",
       .input = "PROXY UNKNOWN " + std::string(91, 'f') + "\r\n"},
      {.name = "v2 TCP4", .input = v2("\x21\x11", kBlock4), .ends = kEnds4},
      {.name = "v2 local with addresses", .input = v2("\x20\x11", kBlock4)},
      {.name = "v2 local with nothing", .input = v2("\x20\0"s, "")},
      {.name = "v2 unspecified", .input = v2("\x21\0"s, "whatever")},
      {.name = "v2 UDP", .input = v2("\x21\x12", kBlock4)},
      {.name = "v2 unix", .input = v2("\x21\x31", std::string(216, 'p'))},
      {.name = "v2 TLS and a name, with vectors unknown to us between",
       .input = v2("\x21\x11", kBlock4 + "\x04\x00\x02zz"s + "\x02\x00\x07mx.test"s +
                                   "\xE0\x00\x00"s + "\x20\x00\x05\x01\x00\x00\x00\x01"s),
       .ends = kEnds4,
       .tls = true,
       .authority = "mx.test"},
      {.name = "v2 no TLS",
       .input = v2("\x21\x11", kBlock4 + "\x20\x00\x05\x00\x00\x00\x00\x01"s),
       .ends = kEnds4},
  };
  for (const Case& c : cases) {
    auto header = parse_proxy_header(c.input + "EHLO behind.example\r\n");
    ASSERT_TRUE(header) << c.name << ": " << describe(header.error());
    ASSERT_TRUE(*header) << c.name;
    EXPECT_EQ((*header)->octets, c.input.size()) << c.name;
    EXPECT_TRUE((*header)->ends == c.ends) << c.name;
    EXPECT_EQ((*header)->tls, c.tls) << c.name;
    EXPECT_EQ((*header)->authority, c.authority) << c.name;
    // However it is cut, only the whole of it is a header.
    for (std::size_t n = 0; n < c.input.size(); ++n) {
      auto part = parse_proxy_header(std::string_view(c.input).substr(0, n));
      ASSERT_TRUE(part) << c.name << " cut at " << n;
      EXPECT_FALSE(*part) << c.name << " cut at " << n;
    }
  }
}

TEST(Proxy, WhatIsNoHeaderIsRefusedAsSoonAsItShows) {
  struct Case {
    std::string input;
    std::size_t cut = 0;  // already refused with this many octets; 0: needs them all
  };
  const Case cases[] = {
      {.input = "EHLO relay.example\r\n", .cut = 1},
      {.input = "PROXX", .cut = 5},
      {.input = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\n"},
      {.input = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\rX"},
      {.input = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 65536\r\n"},
      {.input = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 025\r\n"},
      {.input = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 -25\r\n"},
      {.input = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 25 \r\n"},
      {.input = "PROXY TCP4  192.0.2.1 198.51.100.2 56324 25\r\n"},
      {.input = "PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n"},
      {.input = "PROXY TCP4 2001:db8::1 2001:db8::2 1 25\r\n"},
      {.input = "PROXY TCP6 192.0.2.1 198.51.100.2 1 25\r\n"},
      {.input = "PROXY TCP4 relay.example 198.51.100.2 1 25\r\n"},
      {.input = "PROXY UDP4 192.0.2.1 198.51.100.2 1 25\r\n"},
      {.input = "PROXY unknown\r\n"},
      {.input = "PROXY UNKNOWN " + std::string(92, 'f'), .cut = 106},
      {.input = "PROXY UNKNOWN " + std::string(92, 'f') + "\r\n", .cut = 106},
      {.input = kSignature + "\x31", .cut = 13},                         // version 3
      {.input = kSignature + "\x22", .cut = 13},                         // command 2
      {.input = kSignature + "\x21\x41", .cut = 14},                     // family 4
      {.input = kSignature + "\x21\x13", .cut = 14},                     // protocol 3
      {.input = kSignature + "\x21\x11\x00\x0B"s, .cut = 16},            // too short
      {.input = kSignature + "\x21\x21\x00\x23"s, .cut = 16},            // too short for IPv6
      {.input = kSignature + "\x21\x11\x0F\xF1"s, .cut = 16},            // limit
      {.input = v2("\x21\x11", kBlock4 + "\x04")},                       // half a vector
      {.input = v2("\x21\x11", kBlock4 + "\x04\x00\x02z"s)},             // longer than the header
      {.input = v2("\x21\x11", kBlock4 + "\x03\x00\x04wron"s)},          // checksum
      {.input = v2("\x21\x11", kBlock4 + "\x03\x00\x03\x00\x00\x00"s)},  // a checksum of 3 octets
      {.input = v2("\x21\x11", kBlock4 + "\x20\x00\x01\x01"s)},          // half a TLS vector
  };
  for (const Case& c : cases) {
    EXPECT_FALSE(parse_proxy_header(c.input)) << c.input;
    std::size_t cut = c.cut > 0 ? c.cut : c.input.size();
    for (std::size_t n = 0; n <= c.input.size(); ++n) {
      auto part = parse_proxy_header(std::string_view(c.input).substr(0, n));
      EXPECT_EQ(part.has_value(), n < cut) << c.input << " cut at " << n;
    }
  }
}

TEST(Proxy, AHeaderBeyondTheLimitIsALimitError) {
  auto header = parse_proxy_header(kSignature + "\x21\x11\xFF\xFF");
  ASSERT_FALSE(header);
  EXPECT_TRUE(header.error().is(Error::Kind::limit));
}

TEST(Proxy, WhatIsPrintedIsReadBack) {
  for (const auto& ends : {kEnds4, kEnds6}) {
    std::string one = print_proxy_v1(ends);
    auto header = parse_proxy_header(one);
    ASSERT_TRUE(header && *header) << one;
    EXPECT_TRUE((*header)->ends == ends);
    ProxyHeader full{.ends = ends, .tls = true, .authority = "mx.example"};
    std::string two = print_proxy_v2(full);
    header = parse_proxy_header(two);
    ASSERT_TRUE(header && *header) << describe(header.error());
    EXPECT_TRUE((*header)->ends == ends);
    EXPECT_TRUE((*header)->tls);
    EXPECT_EQ((*header)->authority, full.authority);
    EXPECT_EQ((*header)->octets, two.size());
    // The checksum guards every octet, less the one that says that there is a checksum.
    for (std::size_t i = 16; i < two.size(); ++i) {
      std::string damaged = two;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
      EXPECT_EQ(parse_proxy_header(damaged).has_value(), i == two.size() - 7) << i;
    }
  }
  EXPECT_EQ(print_proxy_v1(std::nullopt), "PROXY UNKNOWN\r\n");
  auto local = parse_proxy_header(print_proxy_v2({}));
  ASSERT_TRUE(local && *local);
  EXPECT_FALSE((*local)->ends);
}

}  // namespace
}  // namespace posta::net
