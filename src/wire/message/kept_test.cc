// The fields that a digest keeps, and what it tells of them.

#include <gtest/gtest.h>

#include "wire/message/digest.h"

namespace posta::wire::message {
namespace {

using namespace std::string_literals;

// What a record tells of a header without the message; nothing: it must be read.
std::optional<std::string> told(std::string_view record, std::vector<std::string> names) {
  auto view = DigestView::open(record);
  std::string out;
  if (!view || !view->put_fields(FieldNames(names), out)) return std::nullopt;
  return out;
}

TEST(Kept, FieldsThatListsShowAreToldAsTheyStandInTheMessage) {
  std::string header =
      "Received: from a by b;\r\n Sat, 21 Nov 2026 05:14:51 +0100\r\n"
      "sUBJECT : first\r\n\tfolded  \r\n"
      "X-Own: 1\r\n"
      "From: gr\xFC\xDF <a@b.c>\n"
      "To:\r\n"
      "Subject: se\0cond\r\n\r\n"s;
  std::string record = encode(digest_of(header + "Subject: of the body\r\n"));
  EXPECT_EQ(told(record, {"SUBJECT"}), "sUBJECT : first\r\n\tfolded  \r\nSubject: se\0cond\r\n"s);
  EXPECT_EQ(told(record, {"to", "Cc", "From", "to"}), "From: gr\xFC\xDF <a@b.c>\nTo:\r\n");
  EXPECT_EQ(told(record, {"cc", "X-Other", ""}), "");
  EXPECT_EQ(told(record, {}), "");
  EXPECT_EQ(told(record, {"from", "received"}), std::nullopt);
  EXPECT_EQ(told(record, {"x-OWN"}), std::nullopt);
  EXPECT_EQ(told(encode(digest_of("Subject: cut")), {"subject"}), "Subject: cut");
}

TEST(Kept, ANameThatGotItsNumberLaterIsFoundInOldRecords) {
  FieldNames names({"Newsgroups", "X-Own"});
  EXPECT_TRUE(names.has(FieldName::newsgroups, {}) && names.has(FieldName::other, "newsgroups"));
  EXPECT_TRUE(names.has(FieldName::other, "x-own") && !names.has(FieldName::other, "x-o"));
  EXPECT_FALSE(names.has(FieldName::subject, {}) || names.has(FieldName::nameless, {}));
}

TEST(Kept, WhatIsLongOrManyIsReadFromTheMessage) {
  Limits limits;
  limits.kept_field_octets_max = 20;
  limits.kept_octets_max = 30;
  std::string record = encode(digest_of(
      "To: a@b.c, d@e.f, g@h\r\nCc: a@b.c, d@e.f, g\r\nSubject: 1\r\nDate: x\r\n\r\n", limits));
  EXPECT_EQ(told(record, {"to"}), std::nullopt);  // 23 octets
  EXPECT_EQ(told(record, {"cc"}), std::nullopt);  // 21
  EXPECT_EQ(told(record, {"subject", "date", "from"}), "Subject: 1\r\nDate: x\r\n");
  record =
      encode(digest_of("Subject: 1\r\nTo: a@b.c\r\nCc: a@b.c\r\nTo: d\r\nDate: x\r\n\r\n", limits));
  EXPECT_EQ(told(record, {"subject", "cc"}), std::nullopt);  // 12 and 11 and 11: no room
  EXPECT_EQ(told(record, {"subject", "to"}), "Subject: 1\r\nTo: a@b.c\r\nTo: d\r\n");
  EXPECT_EQ(told(record, {"date"}), std::nullopt);
  limits = {};
  limits.fields_max = 2;  // what comes later may be anything
  record = encode(digest_of("Subject: 1\r\nTo: a@b.c\r\nCc: a@b.c\r\n\r\n", limits));
  EXPECT_EQ(told(record, {"subject"}), std::nullopt);
  // It would go on with what the recipient's copy has in front.
  EXPECT_EQ(told(encode(digest_of(" folded\r\nSubject: 1\r\n\r\n")), {"subject"}), std::nullopt);
}

}  // namespace
}  // namespace posta::wire::message
