#include "mailbox/page.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "runtime/sim/sim_executor.h"

namespace posta::mailbox {
namespace {

using runtime::sim::Random;

MessageState row(std::uint32_t uid, std::uint8_t system = 0, std::uint64_t keywords = 0) {
  MessageState state;
  state.uid = Uid(uid);
  state.email = EmailId(1000 + uid);
  state.mod_seq = ModSeq(uid * 3);
  state.flags = {system, keywords};
  state.size = 4096 + uid % 7;
  state.internal_date = WallTime(std::chrono::milliseconds(1767225600000 + uid * 977));
  return state;
}

bool operator_equal(const MessageState& a, const MessageState& b) {
  return a.uid == b.uid && a.email == b.email && a.mod_seq == b.mod_seq && a.flags == b.flags &&
         a.size == b.size && a.internal_date == b.internal_date;
}

std::vector<MessageState> rows_of(const Page& page) {
  std::vector<MessageState> rows;
  for (std::uint32_t i = 0; i < page.rows(); ++i) rows.push_back(page.at(i));
  return rows;
}

bool same(const std::vector<MessageState>& a, const std::vector<MessageState>& b) {
  return std::ranges::equal(a, b, operator_equal);
}

LowSet lows(std::initializer_list<unsigned> list) {
  LowSet set;
  for (unsigned low : list) set.add(static_cast<std::uint8_t>(low));
  return set;
}

TEST(Page, RowsThatWereAppendedAreReadInOrder) {
  std::string octets;
  std::vector<MessageState> expected;
  for (std::uint32_t uid = 256; uid < 512; uid += 3) {
    expected.push_back(row(uid, uid % 2 ? Flags::seen : 0, uid % 5 ? 0 : 1ull << 63));
    octets += row_record(expected.back());
  }
  auto page = fold_page(1, octets);
  ASSERT_TRUE(page);
  EXPECT_TRUE(same(rows_of(**page), expected));
  EXPECT_EQ((*page)->log(), PageLog{}) << "rows are no waste";
  EXPECT_EQ((*page)->find(low_of(Uid(259))), std::pair(1u, true));
  EXPECT_EQ((*page)->find(low_of(Uid(260))), std::pair(2u, false));
}

TEST(Page, FlagsAndExpungesChangeTheRowsTheyName) {
  std::string octets;
  for (std::uint32_t uid = 1; uid <= 5; ++uid) octets += row_record(row(uid));
  octets += flags_record(ModSeq(90), {.cleared = {}, .set = {Flags::seen, 4}}, lows({2, 3}));
  octets += flags_record(ModSeq(91), {.cleared = {Flags::seen, ~0ull}, .set = {Flags::draft, 0}},
                         lows({3}));
  octets += expunge_record(ModSeq(92), lows({1, 5}));
  auto page = fold_page(0, octets);
  ASSERT_TRUE(page);
  auto expected = std::vector{row(2, Flags::seen, 4), row(3, Flags::draft), row(4)};
  expected[0].mod_seq = ModSeq(90);
  expected[1].mod_seq = ModSeq(91);
  EXPECT_TRUE(same(rows_of(**page), expected));
  EXPECT_EQ((*page)->log().records, 3u);
}

TEST(Page, ABaseSaysTheSameAsTheLogItReplaces) {
  Random random(11);
  for (int round = 0; round < 200; ++round) {
    std::string octets;
    PageBuilder builder(7);
    for (unsigned low = 0; low < 256; ++low) {
      if (random.chance(40)) continue;
      MessageState state =
          row(7 * 256 + low, random.below(32) & 0xFF, random.chance(10) ? random.next() : 0);
      state.email = EmailId(random.next());
      state.mod_seq = ModSeq(random.next());
      state.size = static_cast<std::uint32_t>(random.next());
      state.internal_date = WallTime(std::chrono::milliseconds(std::int64_t(random.next())));
      builder.add(state);
      octets += row_record(state);
    }
    if (builder.present().empty()) continue;
    auto log = fold_page(7, octets);
    auto base = fold_page(7, builder.encode_base());
    ASSERT_TRUE(log);
    ASSERT_TRUE(base);
    ASSERT_TRUE(same(rows_of(**log), rows_of(**base)));
    auto rebuilt = fold_page(7, PageBuilder(**base).encode_base());
    ASSERT_TRUE(rebuilt);
    ASSERT_TRUE(same(rows_of(**rebuilt), rows_of(**base)));
  }
}

TEST(Page, AFlagChangeOfAWholePageIsAFewOctets) {
  LowSet all;
  for (unsigned low = 0; low < 256; ++low) all.add(static_cast<std::uint8_t>(low));
  EXPECT_LE(flags_record(ModSeq(100'000), {.cleared = {}, .set = {Flags::flagged, 0}}, all).size(),
            12u);
}

TEST(Page, ScatteredSetsCostAtMostABitmap) {
  LowSet odd;
  for (unsigned low = 1; low < 256; low += 2) odd.add(static_cast<std::uint8_t>(low));
  std::string octets;
  for (std::uint32_t uid = 0; uid < 256; ++uid) octets += row_record(row(256 + uid));
  std::string record = expunge_record(ModSeq(5), odd);
  EXPECT_EQ(record.size(), 2u + 1 + 32);
  auto page = fold_page(1, octets + record);
  ASSERT_TRUE(page);
  EXPECT_EQ((*page)->rows(), 128u);
  for (std::uint32_t i = 0; i < 128; ++i) EXPECT_EQ((*page)->low(i), i * 2);
}

TEST(Page, WhatCannotBeIsCorrupt) {
  std::string one = row_record(row(1));
  std::string two = row_record(row(2));
  PageBuilder builder(0);
  builder.add(row(3));
  std::string base = builder.encode_base();
  struct Case {
    const char* what;
    std::string octets;
  };
  FlagChange seen{.cleared = {}, .set = {Flags::seen, 0}};
  const Case cases[] = {
      {"unknown kind", "\x05"},
      {"half a row", one.substr(0, 6)},
      {"a uid twice", one + one},
      {"a uid that shrinks", two + one},
      {"a base behind a row", one + base},
      {"half a base", base.substr(0, base.size() - 1)},
      {"flags of a row that is not there", one + flags_record(ModSeq(4), seen, lows({1, 2}))},
      {"flags of nothing", one + flags_record(ModSeq(4), seen, {})},
      {"expunge of a row that is gone",
       one + expunge_record(ModSeq(4), lows({1})) + expunge_record(ModSeq(5), lows({1}))},
      {"a system flag of another version",
       [&] {
         std::string octets = one;
         octets[octets.size() - 2] = '\x20';
         return octets;
       }()},
  };
  for (const auto& c : cases) {
    auto page = fold_page(0, c.octets);
    ASSERT_FALSE(page) << c.what;
    EXPECT_TRUE(page.error().is(Error::Kind::corrupt)) << c.what;
  }
}

TEST(Page, ExpungedRowsComeBackFromTheirRecord) {
  PageBuilder builder(2);
  builder.add(row(2 * 256 + 9, Flags::deleted));
  auto rows = decode_expunged(2, encode_expunged(MailboxId(5), {}, builder));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->mailbox, MailboxId(5));
  EXPECT_TRUE(same(rows_of(*rows->rows), {row(2 * 256 + 9, Flags::deleted)}));
  EXPECT_FALSE(decode_expunged(2, "\x01\x05"));
  EXPECT_FALSE(decode_expunged(2, std::string("\x02\x05\x00", 3)));
  EXPECT_FALSE(decode_expunged(2, "\x02\x05\x7f"));
  const std::string names[] = {"$Junk", "todo", "unused"};
  MessageState with_keyword = row(2 * 256 + 7, 0);
  with_keyword.flags.keywords = 2;
  builder.add(with_keyword);
  rows = decode_expunged(2, encode_expunged(MailboxId(5), names, builder));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->keywords, (std::vector<std::string>{"$Junk", "todo"}));
  EXPECT_EQ(rows->rows->at(0).flags.keywords, 2u);
}

// The format as it is (docs/formats/mailbox.md): what was written once must be read for ever.
TEST(PageFormat, OctetsStayAsTheyAre) {
  struct Case {
    const char* what;
    std::string octets;
    const char* hex;
  };
  const std::string keywords[] = {"$Junk", "todo"};
  PageBuilder builder(0);
  builder.add(row(1, Flags::seen));
  builder.add(row(2));
  builder.add(row(9, 0, 2));
  const Case cases[] = {
      {"row", row_record(row(7, Flags::flagged, 3)), "0207ef0715ee8ad6edee6680200403"},
      {"flags",
       flags_record(ModSeq(300), {.cleared = {Flags::seen, 1}, .set = {Flags::draft, 2}},
                    lows({1, 2, 3, 200})),
       "03ac0201100102020103c8c8"},
      {"expunge", expunge_record(ModSeq(300), lows({0, 255})), "04ac02020000ffff"},
      {"base", builder.encode_base(),
       "010201020909d20f020e06062aa2afd5edee66a20fee6a81208220822001000001000002"},
      {"expunged", encode_expunged(MailboxId(3), keywords, builder),
       "02030205244a756e6b04746f646f010201020909d20f020e06062aa2afd5edee66a20fee6a81208220822001000"
       "00"
       "1000002"},
  };
  for (const auto& c : cases) EXPECT_EQ(hex_encode(c.octets), c.hex) << c.what;
}

TEST(PageFormat, ExpungedRowsOfVersion1AreRead) {
  auto octets =
      hex_decode("0103010201020909d20f020e06062aa2afd5edee66a20fee6a81208220822001000001000002");
  auto rows = decode_expunged(0, *octets);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->mailbox, MailboxId(3));
  EXPECT_EQ(rows->rows->rows(), 3u);
  EXPECT_TRUE(rows->keywords.empty());
}

}  // namespace
}  // namespace posta::mailbox
