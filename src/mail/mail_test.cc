#include <gtest/gtest.h>

#include "mail/address.h"
#include "mail/ids.h"
#include "mail/reply.h"

namespace posta {
namespace {

TEST(Domain, IsCanonicalOrRefused) {
  struct Case {
    std::string_view text;
    std::string_view canonical;  // empty: refused
  };
  const Case cases[] = {
      {"Example.ORG", "example.org"},
      {"example.org.", "example.org"},
      {"b\xc3\xbc"
       "cher.example",
       "xn--bcher-kva.example"},  // RFC 5891 §5
      {"B\xc3\x9c"
       "CHER.example",
       "xn--bcher-kva.example"},
      {"localhost", "localhost"},
      {"3com.example", "3com.example"},      // RFC 1123 §2.1
      {"_dmarc.example", "_dmarc.example"},  // INTEROP
      {"[192.0.2.1]", "[192.0.2.1]"},        // RFC 5321 §4.1.3
      {"[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]"},
      {"", ""},
      {".", ""},
      {"a..b", ""},
      {"-a.example", ""},
      {"a-.example", ""},
      {"exa mple", ""},
      {"[300.0.0.1]", ""},
      {"[IPv6:xyz]", ""},
      {"[192.0.2.1", ""},
      {"\xff.example", ""},
  };
  for (const auto& c : cases) {
    auto domain = Domain::parse(c.text);
    EXPECT_EQ(domain ? domain->str() : "", c.canonical) << c.text;
  }
  EXPECT_FALSE(Domain::parse(std::string(64, 'a') + ".example"));
  EXPECT_FALSE(Domain::parse(std::string(300, 'a')));
  EXPECT_EQ(Domain::parse("xn--bcher-kva.example")->display(),
            "b\xc3\xbc"
            "cher.example");
}

TEST(Address, WhatIsPrintedParsesBack) {
  for (std::string_view text : {"ann@example.org", "\"a b\"@example.org", "\"a\\\"b\"@example.org",
                                "a+b@[192.0.2.1]", "gr\xc3\xbc\xc3\x9f@example.org"}) {
    auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->str(), text);
  }
  EXPECT_EQ(Address::parse("\"ann\"@example.org")->str(), "ann@example.org");  // quotes not needed
}

TEST(Address, NonsenseIsRefusedWithItsPlace) {
  struct Case {
    std::string_view text;
    std::size_t at;
  };
  const Case cases[] = {
      {"", 0},
      {"ann", 3},
      {"@example.org", 0},
      {"ann@", 4},
      {"a..b@example.org", 2},
      {".a@example.org", 0},
      {"a.@example.org", 1},
      {"a b@example.org", 1},
      {"\"a@example.org", 14},
      {"ann@ex ample", 6},
  };
  for (const auto& c : cases) {
    auto address = Address::parse(c.text);
    ASSERT_FALSE(address) << c.text;
    EXPECT_EQ(address.error().at, c.at) << c.text;
  }
  EXPECT_TRUE(Address::parse(std::string(64, 'a') + "@example.org"));  // RFC 5321 §4.5.3.1.1
  EXPECT_FALSE(Address::parse(std::string(65, 'a') + "@example.org"));
}

TEST(Status, ParsesOnlyWhatRfc3463Allows) {
  EXPECT_EQ(Status::parse("5.1.1"), (Status{5, 1, 1}));
  EXPECT_EQ(Status::parse("2.1000.0"), std::nullopt);
  EXPECT_EQ(Status::parse("3.0.0"), std::nullopt);
  EXPECT_EQ(Status::parse("5.1"), std::nullopt);
}

TEST(Reply, IsOneLineForALog) {
  EXPECT_EQ(Reply(550, {5, 1, 1}, "No such user\nSee the manual").str(),
            "550 5.1.1 No such user; See the manual");
}

TEST(QueueId, ItsNameReadsBack) {
  QueueId id(0x123456789ABCDEFull);
  EXPECT_EQ(parse_queue_id(to_string(id)), id);
  EXPECT_FALSE(parse_queue_id("not an id"));
}

}  // namespace
}  // namespace posta
