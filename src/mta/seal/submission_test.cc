#include "mta/seal/submission.h"

#include <gtest/gtest.h>

namespace posta::mta {
namespace {

constexpr std::string_view kDate = "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n";
constexpr std::string_view kId = "Message-ID: <made@mx.example.org>\r\n";
constexpr std::string_view kTo = "To: undisclosed-recipients:;\r\n";

SubmissionHeader make(Octets octets_max = 1000) {
  return {{"Thu, 1 Jan 2026 00:00:00 +0000", "<made@mx.example.org>"}, octets_max};
}

// The message after it has gone through in pieces of `step` octets.
std::string through(std::string_view message, std::size_t step, SubmittedHeader* found = nullptr) {
  SubmissionHeader header = make();
  std::string out;
  for (std::size_t at = 0; at < message.size(); at += step) {
    auto part = header.take(std::string(message.substr(at, step)));
    EXPECT_TRUE(part);
    out += *part;
  }
  out += header.finish();
  if (found) *found = header.found();
  return out;
}

TEST(SubmissionHeader, AddsWhatIsMissingAndTakesOutBlindCopies) {
  const std::string all = std::string(kDate) + std::string(kId);
  struct Case {
    std::string_view name;
    std::string in, out;
  };
  const Case cases[] = {
      {"nothing is missing", "Date: x\r\nMessage-ID: <y>\r\nTo: a@b.example\r\n\r\nbody\r\n",
       "Date: x\r\nMessage-ID: <y>\r\nTo: a@b.example\r\n\r\nbody\r\n"},
      {"everything is", "Subject: s\r\n\r\nbody\r\n",
       all + std::string(kTo) + "Subject: s\r\n\r\nbody\r\n"},
      {"Date", "Message-Id: <y>\r\nCc: a@b.example\r\n\r\n",
       std::string(kDate) + "Message-Id: <y>\r\nCc: a@b.example\r\n\r\n"},
      {"Bcc beside To", "To: a@b.example\r\nBcc: c@d.example\r\nSubject: s\r\n\r\n",
       all + "To: a@b.example\r\nSubject: s\r\n\r\n"},
      {"Bcc folded", "To: a@b.example\r\nbCC:\r\n c@d.example,\r\n\te@f.example\r\nX: y\r\n\r\nz",
       all + "To: a@b.example\r\nX: y\r\n\r\nz"},
      {"Bcc twice", "Bcc: c@d.example\r\nTo: a@b.example\r\nBcc: e@f.example\r\n\r\n",
       all + "To: a@b.example\r\n\r\n"},
      {"Bcc alone", "Subject: s\r\nBcc: c@d.example\r\n\r\nbody",
       all + std::string(kTo) + "Subject: s\r\n\r\nbody"},
      {"Bcc with a blank before the colon", "To: a@b.example\r\nBcc : c@d.example\r\n\r\n",
       all + "To: a@b.example\r\n\r\n"},
      {"Bcc last, folded to the end",
       "To: a@b.example\r\nBcc: c@d.example,\r\n e@f.example\r\n\r\nb",
       all + "To: a@b.example\r\n\r\nb"},
      {"Resent-Bcc", "To: a@b.example\r\nResent-Bcc: c@d.example\r\n\r\n",
       all + "To: a@b.example\r\n\r\n"},
      {"Return-Path", "Return-Path: <c@d.example>\r\nTo: a@b.example\r\n\r\n",
       all + "To: a@b.example\r\n\r\n"},
      {"Bcc in the body", "To: a@b.example\r\n\r\nBcc: c@d.example\r\n",
       all + "To: a@b.example\r\n\r\nBcc: c@d.example\r\n"},
      {"no header", "\r\nbody", all + std::string(kTo) + "\r\nbody"},
      {"no body", "To: a@b.example\r\n", all + "To: a@b.example\r\n"},
      {"no body, Bcc last", "To: a@b.example\r\nBcc: c@d.example\r\n", all + "To: a@b.example\r\n"},
      {"nothing", "", all + std::string(kTo)},
      {"Sender stays", "From: a@b.example\r\nSender: c@d.example\r\nTo: x@y.example\r\n\r\n",
       all + "From: a@b.example\r\nSender: c@d.example\r\nTo: x@y.example\r\n\r\n"},
  };
  for (const Case& c : cases)
    for (std::size_t step : {1u, 2u, 3u, 7u, 1000u})
      EXPECT_EQ(through(c.in, step), c.out) << c.name << " in steps of " << step;
}

TEST(SubmissionHeader, SaysWhoItIsFrom) {
  SubmittedHeader found;
  through(
      "From: Ann <ann@example.org>,\r\n bob@example.org\r\nTo: x@y.example\r\nFrom: c@d.example"
      "\r\n\r\nFrom: nobody@example.net\r\n",
      5, &found);
  ASSERT_EQ(found.from.size(), 3u);
  EXPECT_EQ(wire::message::address_of(found.from[0]), "ann@example.org");
  EXPECT_EQ(wire::message::address_of(found.from[1]), "bob@example.org");
  EXPECT_EQ(wire::message::address_of(found.from[2]), "c@d.example");
  EXPECT_FALSE(found.eight_bit);
  EXPECT_EQ(found.unqualified, "");
  through("Subject: x\r\n\r\n", 5, &found);
  EXPECT_TRUE(found.from.empty());
}

TEST(SubmissionHeader, SaysWhoElseSpeaks) {
  SubmittedHeader found;
  through(
      "From: ann@example.org\r\nSender: bob@example.org\r\nResent-From: carl@example.org\r\n"
      "Resent-Sender: dora@example.org\r\n\r\n",
      5, &found);
  EXPECT_EQ(found.from_fields, 1u);
  ASSERT_EQ(found.others.size(), 3u);
  EXPECT_EQ(wire::message::address_of(found.others[2]), "dora@example.org");
  EXPECT_EQ(found.unclear, "");
}

TEST(SubmissionHeader, NamesAFieldWithWordsThatAreInNoAddress) {
  std::string many = "From: ann@example.org";
  for (int i = 0; i < 2000; ++i) many += ",a@b.example";
  for (const std::string& header :
       {std::string("From: <ann@example.org>ceo@bank.example"),
        std::string("From: ann@example.org ceo@bank.example"),
        std::string("From: Ann <ann@example.org> Boss"),
        std::string("From: ann@example.org (ceo@bank.example"), many + ",ceo@bank.example"}) {
    SubmittedHeader found;
    SubmissionHeader whole = make(100'000);
    EXPECT_TRUE(whole.take(header + "\r\n\r\n"));
    EXPECT_EQ(whole.found().unclear, "From") << header.substr(0, 60);
  }
  for (std::string_view header :
       {"From: Ann Bee <ann@example.org>", "From: ann@example.org (Ann)", "From: \"B, A\" <a@b.c>",
        "From: Ann <ann@example.org>, bob@example.org", "Sender: ann . bee @ example.org",
        "From: Us: ann@example.org, bob@example.org;", "From: <a@b.example> <c@d.example>",
        "To: <ann@example.org>ceo@bank.example"}) {
    SubmissionHeader whole = make();
    EXPECT_TRUE(whole.take(std::string(header) + "\r\n\r\n"));
    EXPECT_EQ(whole.found().unclear, "") << header;
  }
}

TEST(SubmissionHeader, SeesOctetsBeyondAscii) {
  SubmittedHeader found;
  through("From: a@b.example\r\nSubject: gr\xc3\xbc\xc3\x9f\r\n\r\n", 4, &found);
  EXPECT_TRUE(found.eight_bit);
  through("From: a@b.example\r\n\r\ngr\xc3\xbc\xc3\x9f\r\n", 4, &found);
  EXPECT_FALSE(found.eight_bit);
}

TEST(SubmissionHeader, NamesDomainsThatAreNotFullyQualified) {  // RFC 6409 §4.2
  SubmittedHeader found;
  through("From: a@b.example\r\nTo: c@[192.0.2.1], d@sales\r\n\r\n", 100, &found);
  EXPECT_EQ(found.unqualified, "d@sales");
  through("From: a@b.example\r\nTo: undisclosed-recipients:;\r\nX: a@b\r\n\r\n", 100, &found);
  EXPECT_EQ(found.unqualified, "");
}

TEST(SubmissionHeader, IsHeldUpToItsLimit) {
  const std::string line = "X: 3456\r\n";  // 9 octets
  for (std::size_t step : {1u, 1000u}) {
    auto feed = [&](std::string_view text, Octets octets_max) {
      SubmissionHeader header = make(octets_max);
      for (std::size_t at = 0; at < text.size(); at += step)
        if (auto part = header.take(std::string(text.substr(at, step))); !part)
          return part.error().is(Error::Kind::limit) ? "too long" : "another error";
      return "taken";
    };
    const std::string message = line + line + "\r\n" + std::string(100, 'b');
    EXPECT_STREQ(feed(message, 18 + 3), "taken");
    EXPECT_STREQ(feed(message, 17), "too long");
    EXPECT_STREQ(feed(std::string(100, 'x'), 50), "too long");
  }
}

}  // namespace
}  // namespace posta::mta
