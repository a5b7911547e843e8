#include "wire/smtp/ehlo.h"

#include <gtest/gtest.h>

#include "wire/smtp/reply.h"
#include "wire/smtp/xtext.h"

namespace posta::wire::smtp {
namespace {

Capabilities everything() {
  return {.pipelining = true,
          .size = true,
          .size_max = 52428800,
          .eight_bit_mime = true,
          .chunking = true,
          .binary_mime = true,
          .smtputf8 = true,
          .enhanced_status_codes = true,
          .dsn = true,
          .starttls = true,
          .require_tls = true,
          .help = true,
          .vrfy = true,
          .expn = true,
          .etrn = true,
          .limits = SessionLimits{.mail_max = 20, .rcpt_max = 1000, .rcpt_domain_max = 5},
          .auth = {"PLAIN", "SCRAM-SHA-256"},
          .others = {"XCLIENT NAME ADDR"}};
}

TEST(Ehlo, OffersWhatIsThereAndNothingElse) {
  EXPECT_EQ(to_octets(ehlo_reply("mx.example.org", "", {})), "250 mx.example.org\r\n");
  EXPECT_EQ(to_octets(ehlo_reply("mx.example.org", "at your service",
                                 {.pipelining = true,
                                  .size = true,
                                  .size_max = 1000,
                                  .eight_bit_mime = true,
                                  .enhanced_status_codes = true,
                                  .help = true,
                                  .limits = SessionLimits{.rcpt_max = 1000}})),
            "250-mx.example.org at your service\r\n"
            "250-SIZE 1000\r\n"
            "250-PIPELINING\r\n"
            "250-8BITMIME\r\n"
            "250-ENHANCEDSTATUSCODES\r\n"
            "250-HELP\r\n"
            "250 LIMITS RCPTMAX=1000\r\n");
}

TEST(Ehlo, WhatIsOfferedIsReadBack) {
  EhloReply read = parse_ehlo_reply(ehlo_reply("mx.example.org", "hi you", everything()));
  EXPECT_EQ(read.host, "mx.example.org");
  EXPECT_EQ(read.greeting, "hi you");
  EXPECT_EQ(read.offered, everything());
  EXPECT_EQ(parse_ehlo_reply(ehlo_reply("mx", "", {})).offered, Capabilities{});
}

TEST(Ehlo, OtherServersAreUnderstood) {
  EhloReply read =
      parse_ehlo_reply(Reply(250,
                             "relay\npipelining\nSize  abc\nAUTH=LOGIN plain\nAUTH PLAIN CRAM-MD5\n"
                             "LIMITS RCPTMAX=x MAILMAX=5 RCPTDOMAINMAX=0 FOO\n\nX-FOO"));
  EXPECT_EQ(read.offered, (Capabilities{.pipelining = true,
                                        .size = true,
                                        .limits = SessionLimits{.mail_max = 5},
                                        .auth = {"LOGIN", "PLAIN", "CRAM-MD5"},
                                        .others = {"X-FOO"}}));
}

TEST(Ehlo, ALimitThatCannotBeSaidIsNotSaid) {
  for (std::uint32_t value : {0u, 1'000'000u})
    EXPECT_EQ(ehlo_reply("mx", "", {.limits = SessionLimits{.rcpt_max = value}}).text, "mx");
  EXPECT_EQ(ehlo_reply("mx", "", {.limits = SessionLimits{.rcpt_max = 999'999}}).text,
            "mx\nLIMITS RCPTMAX=999999");
}

// RFC 9422 §3.7: a parameter that breaks the grammar is ignored whole; a value that breaks the
// syntax of its own limit takes only that limit away.
TEST(Ehlo, LimitsAreReadAsTheirGrammarSays) {
  auto read = [](std::string_view line) {
    return parse_ehlo_reply(Reply(250, "mx\n" + std::string(line))).offered.limits;
  };
  EXPECT_EQ(read("LIMITS RCPTMAX=20 MAILMAX=5"),  // RFC 9422 §5
            (SessionLimits{.mail_max = 5, .rcpt_max = 20}));
  EXPECT_EQ(read("limits rcptmax=1 NEW_ONE OTHER-2=a=b RCPTDOMAINMAX=999999"),
            (SessionLimits{.rcpt_max = 1, .rcpt_domain_max = 999'999}));
  for (std::string_view value : {"0", "007", "1000000", "-1", "+1", "1.5", "x"})
    EXPECT_EQ(read("LIMITS MAILMAX=5 RCPTMAX=" + std::string(value)),
              (SessionLimits{.mail_max = 5}))
        << value;
  EXPECT_EQ(read("LIMITS RCPTMAX"), SessionLimits{}) << "a limit without its value";
  for (std::string_view bad :
       {"LIMITS", "LIMITS ", "LIMITS MAILMAX=5;RCPTMAX=2", "LIMITS =5",
        "LIMITS MAILMAX=5 RCPTMAX=", "LIMITS MAILMAX=5 R.CPT=1", "LIMITS MAILMAX=5\xc3\xa4"})
    EXPECT_EQ(read(bad), std::nullopt) << bad;
}

TEST(Xtext, IsUndone) {
  EXPECT_EQ(xtext_decode("e+3Dmc2"), "e=mc2");
  EXPECT_EQ(xtext_encode("e=mc2+ \xff"), "e+3Dmc2+2B+20+FF");
  EXPECT_EQ(xtext_decode(xtext_encode("\r\n\x80")), "\r\n\x80");
  for (std::string_view bad : {"+", "+3", "+3d", "a b", "a=b", "\x7f", "+G0"})
    EXPECT_FALSE(xtext_decode(bad)) << bad;
}

}  // namespace
}  // namespace posta::wire::smtp
