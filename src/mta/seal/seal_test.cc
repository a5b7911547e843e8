#include "mta/seal/seal.h"

#include <gtest/gtest.h>

namespace posta::mta {
namespace {

Letter letter() {
  Letter out;
  out.id = QueueId(1234567890123ull);
  out.origin.peer = "192.0.2.7";
  out.origin.helo = "relay.example.net";
  out.origin.protocol = "ESMTP";
  out.origin.received = WallTime{std::chrono::seconds{1767225600}};
  out.envelope.recipients.push_back({*Address::parse("ann@example.org"), "ann@example.org"});
  return out;
}

TEST(Received, SaysWhoFromWhereToWhomAndWhen) {
  EXPECT_EQ(received_field(letter(), *Domain::parse("mx.example.org")),
            "Received: from relay.example.net ([192.0.2.7])\r\n"
            "\tby mx.example.org with ESMTP id " +
                to_string(letter().id) +
                "\r\n"
                "\tfor <ann@example.org>;\r\n"
                "\tThu, 1 Jan 2026 00:00:00 +0000\r\n");
}

TEST(Received, NamesNoRecipientWhenThereAreSeveral) {
  Letter l = letter();
  l.envelope.recipients.push_back({*Address::parse("bob@example.org"), "bob@example.org"});
  EXPECT_EQ(received_field(l, *Domain::parse("mx.example.org")).find("for <"), std::string::npos);
}

TEST(Received, APeerCannotWriteFieldsOfItsOwn) {
  Letter l = letter();
  l.origin.helo = "evil\r\nX-Spam: no\r\n (a) ";
  std::string field = received_field(l, *Domain::parse("mx.example.org"));
  EXPECT_EQ(field.find("\r\nX-Spam"), std::string::npos);
  EXPECT_NE(field.find("from evil??X-Spam:?no???"), std::string::npos);
}

TEST(DeliveryFields, TellTheOriginalAddressOnlyWhereItDiffers) {
  Address ann = *Address::parse("ann@example.org"), info = *Address::parse("info@example.org");
  EXPECT_EQ(delivery_fields(std::nullopt, ann, ann),
            "Return-Path: <>\r\nDelivered-To: ann@example.org\r\n");
  EXPECT_EQ(delivery_fields(*Address::parse("bob@example.net"), ann, info),
            "Return-Path: <bob@example.net>\r\nDelivered-To: ann@example.org\r\n"
            "X-Original-To: info@example.org\r\n");
}

}  // namespace
}  // namespace posta::mta
