// Messages posta writes, transfer encodings, JSON.

#include "wire/message/build.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "wire/message/digest_laws.h"
#include "wire/message/header.h"
#include "wire/message/preview.h"
#include "wire/message/report.h"
#include "wire/message/structure_json.h"
#include "wire/message/test_json.h"
#include "wire/message/text_of.h"
#include "wire/message/transfer.h"

namespace posta::wire::message {
namespace {

constexpr Date kDate{1795234491, 0};

// What RFC 5322 asks of every message: CRLF alone ends lines, and lines are short.
void expect_canonical(std::string_view message, std::size_t line_max = 78) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '\r') {
      ASSERT_TRUE(i + 1 < message.size() && message[i + 1] == '\n') << "bare CR at " << i;
      ASSERT_LE(column, line_max) << message.substr(0, i);
      column = 0;
      ++i;
    } else {
      ASSERT_NE(message[i], '\n') << "bare LF at " << i;
      ++column;
    }
  }
}

TEST(Build, APlainMessageReadsBack) {
  PlainMessage m;
  m.from = {"posta \u2709", "postmaster@example.org"};
  for (int i = 0; i < 9; ++i) m.to.push_back({"Ann, the first", "ann@example.org"});
  m.subject = "Willkommen, J\u00f6rg: ein sehr langer Betreff, der in mehrere Zeilen zerf\u00e4llt";
  m.date = kDate;
  m.message_id = "1@example.org";
  m.fields = {{"Auto-Submitted", "auto-generated"}};
  m.text = "Gr\u00fc\u00dfe!\n.dot\nFrom here\n" + std::string(100, 'x') + " \nend";
  std::string message = build(m);
  expect_canonical(message);
  EXPECT_TRUE(all_ascii(message));
  Digest d = digest_of(message);
  EXPECT_EQ(broken_law(d), "");
  EXPECT_EQ(d.subject, m.subject);
  EXPECT_EQ(d.from, m.from.name);
  EXPECT_EQ(d.date, kDate);
  EXPECT_EQ(d.message_id, hash_message_id("1@example.org"));
  EXPECT_EQ(find_field(message, "auto-submitted"), " auto-generated");
  std::string text = text_of(d.parts[0], message);
  std::erase(text, '\r');
  EXPECT_EQ(text, m.text + "\n");
}

TEST(Build, AsciiTextStaysReadable) {
  PlainMessage m;
  m.from = {"", "a@b"};
  m.date = kDate;
  m.subject = "hello";
  m.text = "one\ntwo\n";
  EXPECT_EQ(build(m),
            "Date: Sat, 21 Nov 2026 04:14:51 +0000\r\nFrom: a@b\r\nTo: undisclosed-recipients:;\r\n"
            "Subject: hello\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n"
            "Content-Transfer-Encoding: 7bit\r\n\r\none\r\ntwo\r\n");
}

TEST(Build, NothingInjectsAField) {
  HeaderWriter w;
  w.raw("A", "x\r\nB: y").text("C", "x\nD: y").addresses("E", {{"n\r\nF: y", "a@b\r\nG: z"}});
  std::string header = w.take();
  for (std::string_view name : {"B", "D", "F", "G"}) EXPECT_FALSE(find_field(header, name));
}

// RFC 5322 §2.1.1, §2.2.3.
TEST(Build, AFieldIsFoldedAtItsBlanksAndNeverTooLong) {
  auto field = [](std::string_view body) { return HeaderWriter().raw("X-Name", body).take(); };
  auto unfolded = [](std::string text) {
    for (std::size_t at; (at = text.find("\r\n ")) != std::string::npos;) text.erase(at, 2);
    return text;
  };
  std::string words;
  for (int i = 0; i < 300; ++i) words += (i ? " " : "") + std::to_string(i * 37);
  expect_canonical(field(words));
  EXPECT_EQ(unfolded(field(words)), "X-Name: " + words + "\r\n");
  EXPECT_EQ(field("short   and   spaced"), "X-Name: short   and   spaced\r\n");
  // One word that is too long for a line of 78 stays whole, up to where nobody need take it.
  const std::string word(800, 'w');
  EXPECT_EQ(field("smtp; " + word + " end"), "X-Name: smtp;\r\n " + word + "\r\n end\r\n");
  for (std::string_view letter : {"w", "\u00fc", "\U0001F4E8"}) {
    std::string long_word = "x";
    while (long_word.size() < 5000) long_word += letter;
    const std::string broken = field(long_word);
    expect_canonical(broken, 998);
    for (std::size_t at = 0; (at = broken.find("\r\n ", at)) != std::string::npos; at += 3)
      EXPECT_TRUE(is_utf8(std::string_view(broken).substr(0, at))) << letter;
    std::string joined = unfolded(broken);
    std::erase(joined, ' ');
    EXPECT_EQ(joined, "X-Name:" + long_word + "\r\n");
  }
  expect_canonical(field(std::string(3000, ' ') + "x" + std::string(3000, ' ')), 998);
}

DeliveryReport sample_report() {
  DeliveryReport r;
  r.from = {"Mail Delivery System", "mailer-daemon@mx.example.org"};
  r.to = "bob@example.net";
  r.date = kDate;
  r.message_id = "2@mx.example.org";
  r.reporting_mta = "mx.example.org";
  r.received_from_mta = "mail.example.net";
  r.envelope_id = "QQ314159";
  r.arrival = kDate;
  r.recipients = {{.original_recipient = "rfc822;ann@example.org",
                   .final_recipient = "ann@example.org",
                   .action = RecipientReport::Action::failed,
                   .status = "5.1.1",
                   .remote_mta = "mx.example.com",
                   .diagnostic = "550-no such\r\n550 user",
                   .last_attempt = kDate,
                   .will_retry_until = std::nullopt},
                  {.original_recipient = "",
                   .final_recipient = "carl@example.org",
                   .action = RecipientReport::Action::delayed,
                   .status = "4.4.1",
                   .remote_mta = "",
                   .diagnostic = "no answer",
                   .last_attempt = std::nullopt,
                   .will_retry_until = kDate}};
  r.original_header = "Subject: hi\r\nFrom: bob@example.net\nX: cut";
  return r;
}

TEST(Report, ADeliveryStatusNotificationIsThatOfRfc3464) {
  std::string message = build(sample_report());
  expect_canonical(message);
  Digest d = digest_of(message);
  EXPECT_EQ(broken_law(d), "");
  ASSERT_EQ(d.parts.size(), 4u);
  EXPECT_EQ(d.parts[0].subtype, "report");
  EXPECT_EQ(find_parameter(d.parts[0].parameters, "report-type")->value, "delivery-status");
  EXPECT_EQ(d.parts[1].type, "text");
  EXPECT_EQ(d.parts[2].subtype, "delivery-status");
  EXPECT_EQ(d.parts[3].subtype, "rfc822-headers");
  EXPECT_EQ(octets_of(d.parts[2], message),
            "Original-Envelope-Id: QQ314159\r\nReporting-MTA: dns; mx.example.org\r\n"
            "Received-From-MTA: dns; mail.example.net\r\n"
            "Arrival-Date: Sat, 21 Nov 2026 04:14:51 +0000\r\n\r\n"
            "Original-Recipient: rfc822;ann@example.org\r\n"
            "Final-Recipient: rfc822; ann@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
            "Remote-MTA: dns; mx.example.com\r\nDiagnostic-Code: smtp; 550-no such 550 user\r\n"
            "Last-Attempt-Date: Sat, 21 Nov 2026 04:14:51 +0000\r\n\r\n"
            "Final-Recipient: rfc822; carl@example.org\r\nAction: delayed\r\nStatus: 4.4.1\r\n"
            "Diagnostic-Code: x-posta; no answer\r\n"
            "Will-Retry-Until: Sat, 21 Nov 2026 04:14:51 +0000\r\n");
  EXPECT_EQ(octets_of(d.parts[3], message), "Subject: hi\r\nFrom: bob@example.net\r\nX: cut\r\n");
  EXPECT_EQ(d.subject, "Undelivered Mail Returned to Sender");
  EXPECT_EQ(find_field(message, "Auto-Submitted"), " auto-replied");
}

TEST(Report, WhatIsNotAsciiMakesItGlobal) {
  DeliveryReport r = sample_report();
  r.recipients.resize(1);
  r.recipients[0].final_recipient = "j\u00f6rg@example.org";
  r.original_header = "Subject: gr\u00fc\u00df\r\n";
  std::string message = build(r);
  expect_canonical(message);
  Digest d = digest_of(message);
  ASSERT_EQ(d.parts.size(), 4u);
  EXPECT_EQ(d.parts[0].encoding, "8bit");
  EXPECT_EQ(d.parts[2].subtype, "global-delivery-status");
  EXPECT_EQ(d.parts[3].subtype, "global-headers");
  EXPECT_NE(octets_of(d.parts[2], message).find("Final-Recipient: utf-8; j\u00f6rg@"),
            std::string::npos);
}

TEST(Report, NoLineIsLongerThanEveryHostTakes) {
  DeliveryReport r = sample_report();
  r.recipients[0].diagnostic = "550 5.1.1 " + std::string(1500, 'x');
  r.recipients[1].diagnostic = "450 4.2.0 please";
  for (int i = 0; i < 300; ++i) r.recipients[1].diagnostic += " come again";
  r.original_header = "Subject: hi\r\nX-Long: " + std::string(3000, 'y') + "\r\nX-Folded: a\r\n " +
                      std::string(2000, 'z') + "\r\n" + std::string(20, ' ') + "end\r\n";
  std::string message = build(r);
  expect_canonical(message, 998);
  Digest d = digest_of(message);
  ASSERT_EQ(d.parts.size(), 4u);
  EXPECT_TRUE(find_field(octets_of(d.parts[3], message), "X-Folded")->ends_with("end"));
}

TEST(Report, PeopleReadWhomTheyWroteTo) {
  DeliveryReport r = sample_report();
  r.recipients.resize(1);
  EXPECT_NE(build(r).find("Your message to <ann@example.org>\r\ncould not be delivered.\r\n"),
            std::string::npos);
  r.recipients[0].written_to = "staff@example.org";
  EXPECT_NE(build(r).find("Your message to <staff@example.org>\r\n"
                          "which goes on to <ann@example.org>\r\ncould not be delivered.\r\n"),
            std::string::npos);
}

// RFC 6533 §4.3: global headers are UTF-8.
TEST(Report, WhatIsNotUtf8IsReplacedAndTheReportIs7bit) {
  DeliveryReport r = sample_report();
  r.recipients[0].diagnostic = "550 5.1.1 kein Empf\xe4nger";
  r.original_header = "Subject: gr\xfc\xdf\r\nX-Utf: \u00fc\r\nX-Last: a\r\n";
  std::string message = build(r);
  EXPECT_TRUE(all_ascii(message));
  Digest d = digest_of(message);
  ASSERT_EQ(d.parts.size(), 4u);
  EXPECT_EQ(d.parts[2].subtype, "delivery-status");
  EXPECT_EQ(d.parts[3].subtype, "rfc822-headers");
  EXPECT_EQ(octets_of(d.parts[3], message), "Subject: gr??\r\nX-Utf: ??\r\nX-Last: a\r\n");
  EXPECT_NE(message.find("Diagnostic-Code: smtp; 550 5.1.1 kein Empf?nger\r\n"), std::string::npos);
}

TEST(Report, AHeaderThatIsCutWithinACharacterIsUtf8AllTheSame) {
  const std::string letter = "\U0001F4E8";
  for (std::size_t left = 0; left < letter.size(); ++left) {
    DeliveryReport r = sample_report();
    r.original_header = "Subject: \u00fc\r\nX: a" + letter.substr(0, left);
    std::string message = build(r);
    Digest d = digest_of(message);
    ASSERT_EQ(d.parts.size(), 4u);
    EXPECT_EQ(d.parts[3].subtype, "global-headers");
    EXPECT_EQ(octets_of(d.parts[3], message), "Subject: \u00fc\r\nX: a\r\n") << left;
  }
}

TEST(Transfer, DecodersForgiveAndDoNotMindCuts) {
  struct Case {
    Encoding encoding;
    std::string_view encoded, decoded;
  };
  constexpr Encoding kQ = Encoding::quoted_printable, kB = Encoding::base64;
  const Case cases[] = {
      {kQ, "a=3Db", "a=b"},
      {kQ, "a=\r\nb", "ab"},
      {kQ, "a= \t\r\nb", "ab"},
      {kQ, "a=\nb", "ab"},
      {kQ, "a  \r\nb\t\n", "a\r\nb\n"},  // RFC 2045 §6.7 (3)
      {kQ, "=c3=bc", "\u00fc"},
      {kQ, "100=zz =", "100=zz "},
      {kQ, "a=4", "a=4"},
      {kQ, "a=\r", "a"},
      {kQ, "a=\rb", "a=\rb"},
      {kQ, "a\rb", "a\rb"},
      {kQ, "==3D", "=="},
      {kB, "Zm9v\r\nYmFy", "foobar"},
      {kB, "Z m!9*v", "foo"},
      {kB, "Zm8=", "fo"},
      {kB, "Zm8", "fo"},
      {kB, "Zg==Zg==", "ff"},
      {kB, "Z", ""},
      {kB, "", ""},
      {Encoding::unknown, "=3D", "=3D"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(decode_transfer(c.encoded, c.encoding), c.decoded) << c.encoded;
    TransferDecoder decoder(c.encoding);
    std::string out;
    for (char octet : c.encoded) decoder.feed({&octet, 1}, out);
    decoder.finish(out);
    EXPECT_EQ(out, c.decoded) << c.encoded;
  }
}

TEST(Transfer, WhatIsEncodedFitsItsLinesAndReadsBack) {
  std::string octets;
  for (int i = 0; i < 1000; ++i) octets += static_cast<char>(i * 7);
  std::string base64 = encode_base64(octets);
  expect_canonical(base64, 76);
  EXPECT_EQ(decode_transfer(base64, Encoding::base64), octets);
  std::erase_if(octets, [](char c) { return c == '\r' || c == '\n'; });
  std::string printable = encode_quoted_printable(octets + " \r\n\r\n" + octets);
  expect_canonical(printable, 76);
  EXPECT_EQ(decode_transfer(printable, Encoding::quoted_printable), octets + " \r\n\r\n" + octets);
}

TEST(Preview, HtmlIsReadAsAPersonWould) {
  struct Case {
    std::string_view html, text;
  };
  const Case cases[] = {
      {"a<br>b", "a b"},
      {"a<b>b</b>c", "abc"},
      {"<style>p{}</style>x", "x"},
      {"&lt;b&gt; &#65;&#x42;&bogus;", "<b> AB&bogus;"},
      {"<!-- x -->y<!-- z", "y"},
      {"1 < 2", "1 < 2"},
      {"<script>a</scr></SCRIPT>b", "b"},
      {"<p", ""},
      {"a\u200b\u00a0\u00adb", "a b"},
      {"&#0;", "\uFFFD"},
  };
  for (const Case& c : cases) EXPECT_EQ(text_of_html(c.html, 200), c.text) << c.html;
}

TEST(StructureJson, ADigestIsPrintedForPrograms) {
  std::string message =
      "Subject: =?utf-8?q?=C3=BC?=\r\nX: \"\t\x01\r\nContent-Type: multipart/mixed; "
      "boundary=b\r\n\r\n"
      "--b\r\n\r\nhi\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: "
      "in\r\n\r\nx\r\n--b--\r\n";
  Json json = JsonReader(structure_json(digest_of(message), message)).value();
  EXPECT_EQ(json["subject"].text, "\u00fc");
  EXPECT_EQ(json["preview"].text, "hi");
  ASSERT_EQ(json["headers"].array.size(), 3u);
  EXPECT_EQ(json["headers"].array[1]["name"].text, "X");
  const Json& parts = json["structure"]["parts"];
  ASSERT_EQ(parts.array.size(), 2u);
  EXPECT_EQ(parts.array[0]["section"].text, "1");
  EXPECT_EQ(parts.array[1]["type"].text, "message/rfc822");
  EXPECT_EQ(parts.array[1]["parts"].array.at(0)["section"].text, "2.1");
}

}  // namespace
}  // namespace posta::wire::message
