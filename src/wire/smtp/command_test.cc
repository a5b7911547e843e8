#include "wire/smtp/command.h"

#include <gtest/gtest.h>

#include "wire/smtp/replies.h"
#include "wire/smtp/reply.h"

namespace posta::wire::smtp {
namespace {

constexpr Parse kStrict{.strict = true};

std::string reply_to(std::string_view line, const Parse& options = {}) {
  auto command = parse_command(line, options);
  return command ? "parsed: " + to_string(*command) : command.error().reply.str();
}

// The code and the enhanced code of the refusal; what was understood if there is none.
std::string refusal(std::string_view line, const Parse& options = {}) {
  std::string reply = reply_to(line, options);
  return reply.substr(0, 9);
}

TEST(Command, IsReadAndPrinted) {
  struct Case {
    std::string_view line;
    std::string_view printed;
    bool strict = true;  // RFC 5321 to the letter, so understood in strict mode too
  };
  const Case cases[] = {
      {"HELO mail.example.net", "HELO mail.example.net"},  // RFC 5321 §4.1.1.1
      {"EHLO [192.0.2.1]", "EHLO [192.0.2.1]"},
      {"EHLO [IPv6:2001:db8::1]", "EHLO [IPv6:2001:db8::1]"},
      {"ehlo MY_PC", "EHLO MY_PC"},
      {"EHLO 192.0.2.1", "EHLO 192.0.2.1"},
      {"EHLO two words", "EHLO two", false},
      {"EHLO (pc", "501 5.5.4 Not a host name", false},
      {"MAIL FROM:<ann@example.org>", "MAIL FROM:<ann@example.org>"},  // §4.1.1.2
      {"MAIL FROM:<>", "MAIL FROM:<>"},
      {"mail from:<Ann@EXAMPLE.org>", "MAIL FROM:<Ann@example.org>"},
      {"MAIL FROM:<a@b> SIZE=381 BODY=8BITMIME SMTPUTF8",
       "MAIL FROM:<a@b> SIZE=381 BODY=8BITMIME SMTPUTF8"},
      {"MAIL FROM:<a@b> body=7bit size=0", "MAIL FROM:<a@b> SIZE=0 BODY=7BIT"},
      {"MAIL FROM:<a@b> SIZE=99999999999999999999", "MAIL FROM:<a@b> SIZE=18446744073709551615"},
      {"MAIL FROM:<\"a b\"@example.org>", "MAIL FROM:<\"a b\"@example.org>"},
      {"MAIL FROM:<\"a>b\"@example.org>", "MAIL FROM:<\"a>b\"@example.org>"},
      {"MAIL FROM:<a@[IPv6:2001:DB8::1]>", "MAIL FROM:<a@[IPv6:2001:db8::1]>"},
      {"MAIL FROM:<@one.example,@two.example:a@b>", "MAIL FROM:<a@b>"},  // App. C
      {"MAIL FROM:<@[IPv6:::1]:a@b>", "MAIL FROM:<a@b>"},
      {"MAIL FROM:<gr\xc3\xbc\xc3\x9f@example.org> SMTPUTF8",
       "MAIL FROM:<gr\xc3\xbc\xc3\x9f@example.org> SMTPUTF8"},  // RFC 6531 §3.3
      {"MAIL FROM:<a@b\xc3\xbc"
       "cher.example> SMTPUTF8",
       "MAIL FROM:<a@xn--bcher-kva.example> SMTPUTF8"},
      {"RCPT TO:<bob@example.org>", "RCPT TO:<bob@example.org>"},  // §4.1.1.3
      {"RCPT TO:<Postmaster>", "RCPT TO:<Postmaster>"},
      {"rcpt to:<postMASTER>", "RCPT TO:<postMASTER>"},
      {"RCPT TO:<@relay.example:Bob@Example.org>", "RCPT TO:<Bob@Example.org>"},
      {"DATA", "DATA"},
      {"data", "DATA"},
      {"RSET", "RSET"},
      {"NOOP", "NOOP"},
      {"NOOP what ever", "NOOP"},
      {"QUIT", "QUIT"},
      {"HELP", "HELP"},
      {"HELP MAIL", "HELP MAIL"},
      {"VRFY ann", "VRFY ann"},
      {"VRFY Ann Smith <ann@example.org>", "VRFY Ann Smith <ann@example.org>"},
      {"VRFY gr\xc3\xbc\xc3\x9f SMTPUTF8", "VRFY gr\xc3\xbc\xc3\x9f SMTPUTF8"},
      {"EXPN staff", "EXPN staff"},
      {"STARTTLS", "STARTTLS"},
      {"BDAT 86", "BDAT 86"},  // RFC 3030 §2
      {"bdat 0 last", "BDAT 0 LAST"},
      {"AUTH PLAIN", "AUTH PLAIN"},  // RFC 4954 §4
      {"auth plain AGFubgBzZWNyZXQ=", "AUTH PLAIN AGFubgBzZWNyZXQ="},
      {"AUTH EXTERNAL =", "AUTH EXTERNAL ="},
      {"ETRN example.org", "ETRN"},
      {"TURN", "TURN"},
      {"SEND FROM:<a@b>", "SEND"},
      {"soml from:<a@b>", "SOML"},
      {"SAML FROM:<a@b>", "SAML"},

      // What people and old programs write (inventory #62 to #66).
      {"MAIL FROM: <a@b>", "MAIL FROM:<a@b>", false},
      {"MAIL From: a@b SIZE=381", "MAIL FROM:<a@b> SIZE=381", false},
      {"mail from:a@b", "MAIL FROM:<a@b>", false},
      {"MAIL  FROM : <a@b>  SIZE=1  ", "MAIL FROM:<a@b> SIZE=1", false},
      {"MAIL\tFROM:\t<a@b>", "MAIL FROM:<a@b>", false},
      {"MAIL FROM:ann", "MAIL FROM:<ann>", false},
      {"RCPT TO:aca", "RCPT TO:<aca>", false},
      {"rcpt to: <aca>", "RCPT TO:<aca>", false},
      {"RCPT TO:bob@example.org ", "RCPT TO:<bob@example.org>", false},
      {"QUIT  ", "QUIT", false},
      {"DATA ", "DATA", false},
  };
  for (const auto& c : cases) {
    auto command = parse_command(c.line);
    const bool refused = c.printed.starts_with("501");
    EXPECT_EQ(command ? to_string(*command) : reply_to(c.line), c.printed) << c.line;
    if (c.strict && !refused) {
      EXPECT_EQ(reply_to(c.line, kStrict), reply_to(c.line)) << c.line;
    } else {
      EXPECT_FALSE(parse_command(c.line, kStrict)) << c.line;
    }
    if (command && !refused) {
      auto again = parse_command(to_string(*command));
      EXPECT_TRUE(again && *again == *command) << c.line;
    }
  }
}

TEST(Command, IsRefusedWithTheReplyItDeserves) {
  struct Case {
    std::string_view line;
    std::string_view refusal;
    std::size_t at;  // where the line stopped making sense
  };
  const Case cases[] = {
      {"HELO", "501 5.5.4", 4},
      {"EHLO", "501 5.5.4", 4},
      {"EHLO  ", "501 5.5.4", 6},
      {"EHLO a\x01"
       "b",
       "501 5.5.4", 5},
      {"MAIL", "501 5.5.4", 4},
      {"MAIL LALA: <>", "501 5.5.4", 5},
      {"MAIL FROM <a@b>", "501 5.5.4", 10},
      {"MAIL FROM:", "501 5.1.7", 10},
      {"MAIL FROM:<", "501 5.1.7", 11},
      {"MAIL FROM:<a@b", "501 5.1.7", 14},
      {"MAIL FROM:<a@>", "501 5.1.7", 13},
      {"MAIL FROM:<@b>", "501 5.1.7", 13},
      {"MAIL FROM:<a@b>x", "501 5.1.7", 15},
      {"MAIL FROM:<a..b@c>", "501 5.1.7", 13},
      {"MAIL FROM:<a@b c>", "501 5.1.7", 14},
      {"MAIL FROM:<a@xn--->", "501 5.1.7", 17},
      {"MAIL FROM:<a@[1.2.3]>", "501 5.1.7", 14},
      {"MAIL FROM:<a@[1.2.3.4>", "501 5.1.7", 22},
      {"MAIL FROM:<\xff@b> SMTPUTF8", "501 5.1.7", 11},
      {"MAIL FROM:<gr\xc3\xbc\xc3\x9f@b>", "550 5.6.7", 10},  // RFC 6531 §3.5
      {"MAIL FROM:<a@b> SIZE", "501 5.5.4", 16},              // RFC 1870 §6
      {"MAIL FROM:<a@b> SIZE=", "501 5.5.4", 21},
      {"MAIL FROM:<a@b> SIZE=1x", "501 5.5.4", 16},
      {"MAIL FROM:<a@b> SIZE=-1", "501 5.5.4", 16},
      {"MAIL FROM:<a@b> SIZE=100000000000000000000", "501 5.5.4", 16},  // 21 digits
      {"MAIL FROM:<a@b> SIZE=1 SIZE=1", "501 5.5.4", 23},
      {"MAIL FROM:<a@b> BODY=7BIT BODY=7BIT", "501 5.5.4", 26},
      {"MAIL FROM:<a@b> SMTPUTF8 SMTPUTF8", "501 5.5.4", 25},
      {"MAIL FROM:<a@b> SMTPUTF8=YES", "501 5.5.4", 16},
      {"MAIL FROM:<a@b> BODY=9BIT", "501 5.5.4", 16},
      {"MAIL FROM:<a@b> BODY=BINARYMIME", "555 5.5.4", 16},  // RFC 3030 §3: not announced
      {"MAIL FROM:<a@b> RET=HDRS", "555 5.5.4", 16},         // RFC 5321 §4.1.1.11
      {"MAIL FROM:<a@b> AUTH=<>", "555 5.5.4", 16},          // not announced here
      {"MAIL FROM:<a@b> =1", "501 5.5.4", 16},
      {"MAIL FROM:<a@b> -X=1", "501 5.5.4", 16},
      {"MAIL FROM:<a@b> X_Y=1", "501 5.5.4", 17},
      {"RCPT", "501 5.5.4", 4},
      {"RCPT TO", "501 5.5.4", 7},
      {"RCPT TO:", "501 5.1.3", 8},
      {"RCPT TO:<>", "501 5.1.3", 9},
      {"RCPT TO:<@>", "501 5.1.3", 10},
      {"RCPT TO:<a@b> NOTIFY=NEVER", "555 5.5.4", 14},
      {"RCPT TO:<a>,<b>", "501 5.5.4", 11},  // inventory #66
      {"RCPT TO: a , b", "501 5.5.4", 11},
      {"RCPT TO:<a@b>, <c@d>", "501 5.5.4", 13},
      {"RCPT TO:<a@b,c@d>", "501 5.5.4", 12},
      {"RCPT TO:a@b,c@d", "501 5.5.4", 11},
      {"RCPT TO:a,b", "501 5.5.4", 9},
      {"DATA now", "501 5.5.4", 5},  // RFC 5321 §4.1.1
      {"RSET 1", "501 5.5.4", 5},
      {"QUIT now", "501 5.5.4", 5},
      {"STARTTLS now", "501 5.5.4", 9},  // RFC 3207 §4
      {"VRFY", "501 5.5.4", 4},
      {"EXPN  ", "501 5.5.4", 4},
      {"AUTH", "501 5.5.4", 4},
      {"AUTH PLA!N", "501 5.5.4", 5},
      {"AUTH ABCDEFGHIJKLMNOPQRSTU", "501 5.5.4", 5},
      {"AUTH PLAIN AA== AA==", "501 5.5.4", 16},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(refusal(c.line), c.refusal) << c.line;
    auto command = parse_command(c.line);
    if (!command) {
      EXPECT_EQ(command.error().at, c.at) << c.line;
      EXPECT_FALSE(command.error().desynchronised) << c.line;
    }
  }
}

TEST(Command, ACommaListIsRefusedWithAHint) {
  EXPECT_EQ(reply_to("RCPT TO: a , b"), Reply(reply::one_recipient).str());
  EXPECT_NE(reply_to("RCPT TO: a , b").find("One address in each RCPT"), std::string::npos);
}

TEST(Command, AMalformedBdatLeavesTheStreamUnreadable) {
  for (std::string_view line : {"BDAT", "BDAT x", "BDAT -1", "BDAT 1 FIRST", "BDAT 1 LAST 2",
                                "BDAT 18446744073709551616", "BDAT 0x10", "BDAT +1"}) {
    auto command = parse_command(line);
    ASSERT_FALSE(command) << line;
    EXPECT_TRUE(command.error().desynchronised) << line;
    EXPECT_EQ(command.error().reply.code, 421) << line;
  }
  EXPECT_EQ(std::get<Bdat>(*parse_command("BDAT 18446744073709551615")).octets, ~Octets{0});
}

TEST(Command, UnknownVerbsAreKeptForTheLog) {
  struct Case {
    std::string_view line;
    std::string_view verb;
  };
  const Case cases[] = {
      {"VRFT ann", "VRFT"},  // inventory #72
      {"WHATISTHIS", "WHATISTHIS"},
      {"", ""},
      {" MAIL FROM:<a@b>", ""},
      {"\x16\x03\x01", "\\x16\\x03\\x01"},
      {"MAILFROM:<a@b>", "MAILFROM:<a@b>"},
      {"DATA.", "DATA."},
  };
  for (const auto& c : cases) {
    auto command = parse_command(c.line);
    ASSERT_TRUE(command && std::holds_alternative<Unknown>(*command)) << c.line;
    EXPECT_EQ(verb_of(*command), c.verb);
  }
  const std::string longest(2000, 'X');
  EXPECT_EQ(verb_of(*parse_command(longest)), longest.substr(0, 32));
}

TEST(Command, OtherProtocolsAreRecognised) {
  for (std::string_view line : {"GET /evil HTTP/1.1", "POST /evil HTTP/1.1",
                                "CONNECT www.evil.example:80 HTTP/1.1", "get /"}) {
    auto command = parse_command(line);
    EXPECT_TRUE(command && std::holds_alternative<WrongProtocol>(*command)) << line;
  }
}

TEST(Command, WhatWasNotAnnouncedIsRefused) {
  EXPECT_EQ(refusal("MAIL FROM:<a@b> SIZE=1", {.size = false}), "555 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b> BODY=7BIT", {.eight_bit = false}), "555 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b> SMTPUTF8", {.smtputf8 = false}), "555 5.5.4");
  EXPECT_EQ(refusal("RCPT TO:<\xc3\xbc@b>", {.smtputf8 = false}), "501 5.1.3");
  EXPECT_EQ(refusal("MAIL FROM:<a@b> AUTH=+", {.auth = true}), "501 5.5.4");
  auto mail = parse_command("MAIL FROM:<e=mc2@example.com> AUTH=e+3Dmc2@example.com",
                            {.auth = true});  // RFC 4954 §5.1
  ASSERT_TRUE(mail);
  EXPECT_EQ(std::get<Mail>(*mail).auth, "e=mc2@example.com");
  EXPECT_EQ(to_string(*mail), "MAIL FROM:<e=mc2@example.com> AUTH=e+3Dmc2@example.com");
  mail = parse_command("MAIL FROM:<a@b> AUTH=<>", {.auth = true});
  ASSERT_TRUE(mail);
  EXPECT_EQ(std::get<Mail>(*mail).auth, "<>");
}

TEST(Command, ARecipientIsKeptAsItWasWritten) {
  auto rcpt = std::get<Rcpt>(*parse_command("RCPT TO:<@a.example:\"Bob\"@EXAMPLE.org>"));
  EXPECT_EQ(rcpt.original, "\"Bob\"@EXAMPLE.org");
  EXPECT_EQ(rcpt.to.str(), "Bob@example.org");
  EXPECT_FALSE(rcpt.international);
  rcpt =
      std::get<Rcpt>(*parse_command("RCPT TO:<bob@b\xc3\xbc"
                                    "cher.example>"));
  EXPECT_TRUE(rcpt.international);
  EXPECT_TRUE(rcpt.to.is_ascii());
  EXPECT_TRUE(std::get<Rcpt>(*parse_command("RCPT TO:<ann>")).to.domain.empty());
}

// RFC 5321 §4.5.3.1: every limit, on it and beyond it.
TEST(Command, LimitsOfAddressesHold) {
  const std::string local(kLocalPartOctetsMax, 'a');  // §4.5.3.1.1
  EXPECT_EQ(refusal("RCPT TO:<" + local + "@example.org>").substr(0, 6), "parsed");
  EXPECT_EQ(refusal("RCPT TO:<" + local + "a@example.org>"), "501 5.1.3");
  EXPECT_EQ(refusal("MAIL FROM:<" + local + "a@example.org>"), "501 5.1.7");

  std::string domain;  // §4.5.3.1.2, §4.5.3.1.3: a path of 256 octets with its brackets
  for (int i = 0; i < 4; ++i) domain += std::string(62, 'd') + ".";
  domain = domain.substr(0, 252);
  EXPECT_EQ(refusal("MAIL FROM:<a@" + domain.substr(1) + "d>").substr(0, 6), "parsed");
  EXPECT_EQ(refusal("MAIL FROM:<aa@" + domain.substr(1) + "d>"), "501 5.1.7");

  const std::string name(kHeloOctetsMax, 'h');
  EXPECT_EQ(refusal("EHLO " + name).substr(0, 6), "parsed");
  EXPECT_EQ(refusal("EHLO " + name + "h"), "501 5.5.4");
}

TEST(Command, ALineWithLineEndsInsideIsRefused) {
  for (std::string_view line : {std::string_view("NOOP\rRSET"), std::string_view("NOOP\nRSET"),
                                std::string_view("NOOP\0RSET", 9)})
    EXPECT_EQ(refusal(line), "500 5.5.2");
}

}  // namespace
}  // namespace posta::wire::smtp
