#include "wire/smtp/reply.h"

#include <gtest/gtest.h>

#include "wire/smtp/limits.h"
#include "wire/smtp/replies.h"

namespace posta::wire::smtp {
namespace {

TEST(Reply, IsPrintedWithItsStatusOnEveryLine) {
  struct Case {
    Reply reply;
    std::string_view octets;
    bool smtputf8 = false;
  };
  const Case cases[] = {
      {Reply(250, "mx.example.org"), "250 mx.example.org\r\n"},
      {Reply(250, "mx.example.org\nPIPELINING\nSIZE 100"),
       "250-mx.example.org\r\n250-PIPELINING\r\n250 SIZE 100\r\n"},
      {Reply(550, {5, 1, 1}, "No such user\nTry again never"),
       "550-5.1.1 No such user\r\n550 5.1.1 Try again never\r\n"},  // RFC 2034 §4
      {Reply(354, ""), "354 \r\n"},
      {Reply(250, {2, 0, 0}, ""), "250 2.0.0 \r\n"},
      {Reply(550, {5, 7, 1}, "a\rb\tc\x01\x7f"), "550 5.7.1 a?b c??\r\n"},
      {Reply(550, {5, 7, 1}, "gr\xc3\xbc\xc3\x9f"), "550 5.7.1 gr????\r\n"},
      {Reply(550, {5, 7, 1}, "gr\xc3\xbc\xc3\x9f"), "550 5.7.1 gr\xc3\xbc\xc3\x9f\r\n", true},
      {Reply(550, {5, 7, 1}, "gr\xff"), "550 5.7.1 gr?\r\n", true},
  };
  for (const auto& c : cases) EXPECT_EQ(to_octets(c.reply, c.smtputf8), c.octets);
}

// RFC 5321 §4.5.3.1.5
TEST(Reply, ALineIsCutAt512Octets) {
  const std::string printed = to_octets(Reply(550, {5, 1, 1}, std::string(2000, 'x') + "\nend"));
  EXPECT_EQ(printed.find("\r\n") + 2, kReplyLineOctetsMax);
  EXPECT_TRUE(printed.ends_with("550 5.1.1 end\r\n"));
  const std::string utf8 = to_octets(Reply(
                                         250, "x" +
                                                  [] {
                                                    std::string text;
                                                    for (int i = 0; i < 300; ++i)
                                                      text += "\xc3\xbc";
                                                    return text;
                                                  }()),
                                     true);
  EXPECT_LE(utf8.size(), kReplyLineOctetsMax);
  EXPECT_TRUE(utf8.ends_with("\xc3\xbc\r\n"));
}

struct ReadBack {
  std::string replies;  // as Reply::str, one a line
  std::string error;
};

ReadBack read(std::string_view octets, std::size_t step) {
  ReplyReader reader;
  ReadBack out;
  while (!octets.empty()) {
    std::string_view piece = octets.substr(0, step);
    octets.remove_prefix(piece.size());
    while (!piece.empty()) {
      auto whole = reader.feed(piece);
      if (!whole) {
        out.error = whole.error().what;
        return out;
      }
      if (*whole) out.replies += reader.take().str() + "\n";
    }
  }
  return out;
}

TEST(ReplyReader, ReadsWhatServersSendHoweverItIsCut) {
  struct Case {
    std::string octets;
    std::string_view replies;
    std::string_view error = "";
  };
  const Case cases[] = {
      {"220 mx ready\r\n", "220 mx ready\n"},
      {"250-mx\r\n250-SIZE\r\n250 HELP\r\n", "250 mx; SIZE; HELP\n"},
      {"550-5.1.1 No such user\r\n550 5.1.1 here\r\n", "550 5.1.1 No such user; here\n"},
      {"250 ok\r\n550 5.7.1 no\r\n", "250 ok\n550 5.7.1 no\n"},
      {"250\r\n", "250 \n"},     // INTEROP: no text at all
      {"250 ok\n", "250 ok\n"},  // INTEROP: bare LF
      {"250 \r\n", "250 \n"},    // RFC 5321 §4.2
      {"354 go on\r\n", "354 go on\n"},
      {"250 4.0.0 odd\r\n", "250 4.0.0 odd\n"},  // RFC 2034 §4: the class does not agree: text
      {"550-5.1.1 a\r\n550 5.7.1 b\r\n", "550 5.1.1 a; 5.7.1 b\n"},
      {"250-a\r\n550 b\r\n", "550 a; b\n"},  // INTEROP: the last code holds
      {"299 odd\r\n", "299 odd\n"},          // RFC 5321 §4.2.1
      {"150 no\r\n", "", "expected a reply code"},
      {"650 no\r\n", "", "expected a reply code"},
      {"hello\r\n", "", "expected a reply code"},
      {"\r\n", "", "expected a reply code"},
      {"250_ok\r\n", "", "expected a blank or - after the reply code"},
      {std::string("250 o\0k\r\n", 9), "", "a NUL in a reply"},
      {"250 " + std::string(kReplyLineReadMax, 'x') + "\r\n", "", "a reply line longer than 8 KiB"},
  };
  for (const auto& c : cases) {
    for (std::size_t step : {c.octets.size(), std::size_t{1}, std::size_t{3}}) {
      ReadBack seen = read(c.octets, step);
      EXPECT_EQ(seen.replies, c.replies) << c.octets.substr(0, 40);
      EXPECT_EQ(seen.error, c.error) << c.octets.substr(0, 40);
    }
  }
}

TEST(ReplyReader, ARepliesLinesAndOctetsAreBounded) {
  std::string many;
  for (std::size_t i = 0; i < kReplyLinesMax; ++i) many += "250-x\r\n";
  EXPECT_EQ(read(many, 100).error, "");
  EXPECT_EQ(read(many + "250 x\r\n", 100).error, "a reply of more than 256 lines");
  std::string big;
  for (int i = 0; i < 9; ++i) big += "250-" + std::string(8000, 'x') + "\r\n";
  EXPECT_EQ(read(big, 1000).error, "a reply longer than 64 KiB");
}

// RFC 5248 §2.4: the basic codes registered with an enhanced one; those "not given" are left out.
TEST(Replies, CodesAgreeWithTheRegistry) {
  struct Registered {
    Status status;  // the class is not looked at
    std::vector<int> codes;
  };
  const Registered registry[] = {
      {{2, 1, 1}, {451, 550}},
      {{2, 1, 3}, {501}},
      {{2, 1, 5}, {250}},
      {{2, 1, 8}, {451, 501}},
      {{2, 2, 2}, {552}},
      {{2, 3, 1}, {452}},
      {{2, 3, 4}, {552, 554}},
      {{2, 4, 2}, {421}},
      {{2, 4, 3}, {451, 550}},
      {{2, 5, 0}, {220, 250, 251, 252, 253, 451, 452, 454, 458, 459, 501, 502, 503, 554}},
      {{2, 5, 1}, {430, 500, 501, 503, 530, 550, 554, 555}},
      {{2, 5, 2}, {500, 501, 502, 550, 555}},
      {{2, 5, 4}, {451, 501, 502, 503, 504, 550, 555}},
      {{2, 5, 6}, {500}},
      {{2, 6, 7}, {550, 553}},  // RFC 6531 §4
      {{2, 7, 0}, {220, 235, 450, 454, 500, 501, 503, 504, 530, 535, 550}},
      {{2, 7, 1}, {451, 454, 502, 503, 533, 550, 551}},
  };
  // Departures, each with its reason.
  const Reply excused[] = {
      reply::recipient_needs_domain,  // 550: the address may be right elsewhere
      reply::not_implemented,         // 502 5.5.1 is what RFC 5321 §4.2.4 and practice say
      reply::expn_off,
      reply::not_by_hand,
      reply::wrong_protocol,   // nobody reads it
      reply::too_many_errors,  // 421 goes with anything (RFC 5321 §4.2.2)
      reply::too_many_connections,
      reply::too_many_commands,
      reply::mixed_line_ends,
      reply::endless_line,
      reply::lost_step,
  };
  for (const auto* row : reply::kAll) {
    const Reply said = *row;
    bool excuse = false;
    for (const auto& e : excused) excuse = excuse || e.str() == said.str();
    for (const auto& known : registry) {
      if (known.status.subject != said.status.subject || known.status.detail != said.status.detail)
        continue;
      const bool listed = std::ranges::find(known.codes, said.code) != known.codes.end();
      if (said.status) EXPECT_NE(listed, excuse) << said.str();
    }
  }
}

// RFC 2034 §4
TEST(Replies, TheStatusAgreesWithTheCode) {
  for (const auto* row : reply::kAll) {
    const Reply said = *row;
    EXPECT_TRUE(said.code >= 200 && said.code < 600) << said.str();
    const bool bare = row == &reply::greeting || row == &reply::hello;
    EXPECT_EQ(!said.status, bare) << said.str();
    if (said.status) EXPECT_EQ(said.status.cls, said.code / 100) << said.str();
    const std::string printed = to_octets(said);
    EXPECT_LE(printed.size(), kReplyLineOctetsMax);
    EXPECT_EQ(printed, to_octets(said, true));
    ReplyReader reader;
    std::string_view octets = printed;
    EXPECT_TRUE(reader.feed(octets).value_or(false));
    EXPECT_EQ(reader.reply().str(), said.str());
  }
}

TEST(Replies, WithGivesOtherWords) {
  EXPECT_EQ(reply::ok.with("Ok, 7 of them").str(), "250 2.0.0 Ok, 7 of them");
  const Reply shown = reply::mail_first;
  EXPECT_EQ(shown.str(), "503 5.5.1 Say MAIL FROM first");
}

}  // namespace
}  // namespace posta::wire::smtp
