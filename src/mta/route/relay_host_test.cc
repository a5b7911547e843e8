// The relay host, in one line.
#include "mta/route/relay_host.h"

#include <gtest/gtest.h>

#include <vector>

namespace posta::mta {
namespace {

TEST(RelayHostLine, SaysWhereAndHow) {
  struct Case {
    const char* line;
    const char* shown;
    std::uint16_t port = 25;
    TlsLevel tls = TlsLevel::may;
    bool mx = false;
    bool implicit = false;
  };
  for (const Case& c : std::vector<Case>{
           {.line = "[smtp.example.net]:587",
            .shown = "[smtp.example.net]:587 tls=may",
            .port = 587},
           {.line = "Example.NET", .shown = "example.net tls=may", .mx = true},
           {.line = "example.net:2525 tls=encrypt",
            .shown = "example.net:2525 tls=encrypt",
            .port = 2525,
            .tls = TlsLevel::encrypt,
            .mx = true},
           {.line = "[192.0.2.1]", .shown = "[192.0.2.1] tls=may"},
           {.line = "[IPv6:2001:db8::1]:26", .shown = "[2001:db8::1]:26 tls=may", .port = 26},
           {.line = "[2001:db8::1]", .shown = "[2001:db8::1] tls=may"},
           {.line = "[smtp.example.net]:465",  // RFC 8314 §3.3
            .shown = "[smtp.example.net]:465 tls=encrypt",
            .port = 465,
            .tls = TlsLevel::encrypt,
            .implicit = true},
           {.line = "[smtp.example.net]:10465 implicit tls=verify",
            .shown = "[smtp.example.net]:10465 tls=verify implicit",
            .port = 10465,
            .tls = TlsLevel::verify,
            .implicit = true},
           {.line = "[smtp.example.net]:587 user=ann@example.net password=secret=1",
            .shown = "[smtp.example.net]:587 tls=verify user=ann@example.net password=(not shown)",
            .port = 587,
            .tls = TlsLevel::verify},
           {.line = "  [smtp.example.net]   tls=encrypt user=ann  password_file=relay.secret ",
            .shown = "[smtp.example.net] tls=encrypt user=ann password_file=relay.secret",
            .tls = TlsLevel::encrypt},
           {.line = "[127.0.0.1]:2525 tls=none user=ann password=secret",
            .shown = "[127.0.0.1]:2525 tls=none user=ann password=(not shown)",
            .port = 2525,
            .tls = TlsLevel::none},
       }) {
    auto relay = parse_relay_host(c.line);
    ASSERT_TRUE(relay) << c.line << ": " << relay.error().what;
    EXPECT_EQ(relay->str(), c.shown);
    EXPECT_EQ(relay->port, c.port) << c.line;
    EXPECT_EQ(relay->tls, c.tls) << c.line;
    EXPECT_EQ(relay->look_up_mx, c.mx) << c.line;
    EXPECT_EQ(relay->implicit_tls, c.implicit) << c.line;
  }
  EXPECT_EQ(parse_relay_host("[h.example] user=a password=b=c")->password, "b=c");
}

TEST(RelayHostLine, RefusesWhatItDoesNotUnderstand) {
  for (const char* line : {
           "",
           "   ",
           "[smtp.example.net",
           "[smtp.example.net]587",
           "[smtp.example.net]:0",
           "[smtp.example.net]:65536",
           "smtp..example",
           "[]",
           ":25",
           "192.0.2.1:",
           "[h.example] tls=maybe",
           "[h.example] tls",
           "[h.example] secure",
           "[h.example] user=a",
           "[h.example] password=b",
           "[h.example] user=a password=",
           "[h.example] user=a password=b password_file=c",
           // A password would travel in clear.
           "[h.example] tls=may user=a password=b",
           "[h.example] tls=none user=a password=b",
           "[h.example]:465 tls=none",
           "[h.example] implicit tls=may",
       }) {
    auto relay = parse_relay_host(line);
    EXPECT_FALSE(relay) << line;
    if (!relay) EXPECT_TRUE(relay.error().is(Error::Kind::config)) << line;
  }
}

}  // namespace
}  // namespace posta::mta
