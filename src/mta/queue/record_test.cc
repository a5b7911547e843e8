// Records: what docs/formats/queue.md says, and what was written stays readable.
#include "mta/queue/record.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/codec.h"

namespace posta::mta {
namespace {

Address address(std::string_view text) {
  return *Address::parse(text);
}

Letter a_letter() {
  Letter letter;
  letter.id = QueueId(0x0123456789ABCDEF);
  letter.envelope.from = address("ann@example.net");
  letter.envelope.eight_bit = true;
  letter.origin = {.via = Origin::Via::smtp,
                   .session = {},
                   .peer = "192.0.2.7",
                   .helo = "relay.example.net",
                   .protocol = "ESMTP",
                   .authenticated = AccountId(7),
                   .trusted = true,
                   .received = WallTime(std::chrono::milliseconds(1'767'225'600'123))};
  return letter;
}

StoredMessage a_message() {
  return {{store::BodyId(99), 12345},
          std::make_shared<const std::string>("digest"),
          {1, 0xFFFFFFFFFFFFFFFF},
          {"bob@example.org"}};
}

OwedRecipient an_owed() {
  return {.number = 3,
          .recipient = {address("bob@example.org"), "staff@example.org"},
          .attempts = 2,
          .next_attempt = WallTime(std::chrono::milliseconds(1'767'225'660'000)),
          .last_reply = {452, {4, 2, 2}, "Mailbox full"},
          .held = true,
          .last_host = "mx.example.net",
          .delay_told = true,
          .put_off = std::chrono::milliseconds(300'000)};
}

std::string shown(const QueuedLetter& letter) {
  return encode_letter(letter.letter, letter.message, letter.changes);
}

TEST(QueueRecord, RecordsReadBack) {
  auto letter = decode_letter(a_letter().id, encode_letter(a_letter(), a_message()));
  ASSERT_TRUE(letter);
  EXPECT_EQ(shown(*letter), encode_letter(a_letter(), a_message()));
  EXPECT_EQ(letter->letter.id, a_letter().id);
  EXPECT_EQ(letter->letter.origin.helo, "relay.example.net");
  EXPECT_EQ(letter->message.body.size, 12345u);
  EXPECT_EQ(letter->message.delivered_to, std::vector<std::string>{"bob@example.org"});
  auto owed = decode_owed(3, encode_owed(an_owed()));
  ASSERT_TRUE(owed);
  EXPECT_EQ(encode_owed(*owed), encode_owed(an_owed()));
  EXPECT_EQ(owed->last_reply.str(), "452 4.2.2 Mailbox full");
  EXPECT_TRUE(owed->held);
}

TEST(QueueRecord, TheNullReversePathReadsBack) {
  Letter letter = a_letter();
  letter.envelope.from.reset();
  auto read = decode_letter(letter.id, encode_letter(letter, a_message()));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->letter.envelope.from);
}

TEST(QueueRecord, KeysAreInOrderOfIdsAndReadBack) {
  EXPECT_LT(letter_key(QueueId(255)), letter_key(QueueId(256)));
  EXPECT_LT(owed_key(QueueId(1), 300), owed_key(QueueId(2), 1));
  EXPECT_EQ(*parse_letter_key(letter_key(QueueId(77))), QueueId(77));
  auto owed = parse_owed_key(owed_key(QueueId(77), 5));
  ASSERT_TRUE(owed);
  EXPECT_EQ(*owed, std::pair(QueueId(77), 5u));
  EXPECT_EQ(*parse_reached_key(reached_key(QueueId(77), AccountId(9))), AccountId(9));
  for (std::string_view key :
       {"", "Q/owed/", "Q/letter/1234567", "Q/owed/1234567890123", "Q/reached/123456781234567"}) {
    EXPECT_FALSE(parse_letter_key(key)) << key;
    EXPECT_FALSE(parse_owed_key(key)) << key;
    EXPECT_FALSE(parse_reached_key(key)) << key;
  }
}

TEST(QueueRecord, EveryCutAndEveryOctetMoreIsRefused) {
  const std::string letter = encode_letter(a_letter(), a_message());
  for (std::size_t n = 0; n < letter.size(); ++n)
    EXPECT_FALSE(decode_letter(QueueId(1), letter.substr(0, n))) << n;
  EXPECT_FALSE(decode_letter(QueueId(1), letter + "x"));
  const std::string owed = encode_owed(an_owed());
  for (std::size_t n = 0; n < owed.size(); ++n)
    EXPECT_FALSE(decode_owed(1, owed.substr(0, n))) << n;
  EXPECT_FALSE(decode_owed(1, owed + "x"));
  for (char version : {'\0', '\x04'}) {
    EXPECT_FALSE(decode_owed(1, version + owed.substr(1)));
    EXPECT_FALSE(decode_letter(QueueId(1), version + letter.substr(1)));
  }
}

std::vector<std::string> golden(const std::string& name) {
  std::ifstream file(std::filesystem::path(__FILE__).parent_path() /
                     ("../../../tests/golden/queue/" + name));
  EXPECT_TRUE(file) << "tests/golden/queue/" << name << " is missing";
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  return lines;
}

// A format that was once written must stay readable; a new version has a file of its own.
TEST(QueueRecord, TheGoldenFileIsWhatWeWriteAndRead) {
  const std::vector<std::string> now = {
      "letter " + hex_encode(letter_key(a_letter().id)) + " " +
          hex_encode(encode_letter(a_letter(), a_message(), 5)),
      "owed " + hex_encode(owed_key(a_letter().id, 3)) + " " + hex_encode(encode_owed(an_owed())),
      "reached " + hex_encode(reached_key(a_letter().id, AccountId(1024)))};
  EXPECT_EQ(now, golden("records-v3.txt"));
}

TEST(QueueRecord, RecordsOfTheVersionsBeforeReadWithTheirDefaults) {
  for (int version = 1; version <= 2; ++version) {
    for (const std::string& line : golden(fmt::format("records-v{}.txt", version))) {
      const std::string value = *hex_decode(line.substr(line.rfind(' ') + 1));
      if (line.starts_with("letter")) {
        auto letter = decode_letter(a_letter().id, value);
        ASSERT_TRUE(letter);
        EXPECT_EQ(shown(*letter), encode_letter(a_letter(), a_message(), version == 1 ? 0 : 5));
      } else if (line.starts_with("owed")) {
        auto owed = decode_owed(3, value);
        ASSERT_TRUE(owed);
        OwedRecipient expected = an_owed();
        expected.put_off = {};
        if (version == 1) expected.last_host.clear();
        if (version == 1) expected.delay_told = false;
        EXPECT_EQ(encode_owed(*owed), encode_owed(expected));
      }
    }
  }
}

}  // namespace
}  // namespace posta::mta
