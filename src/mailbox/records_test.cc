#include "mailbox/records.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "mailbox/copies.h"
#include "mailbox/head.h"
#include "mailbox/keys.h"

namespace posta::mailbox {
namespace {

constexpr AccountId kAccount{1024};
const WallTime kTime{std::chrono::milliseconds(1767225600123)};

AccountNumbers account_numbers() {
  AccountNumbers r;
  r.next_email = EmailId(301);
  r.next_thread = ThreadId(200);
  r.next_mailbox = MailboxId(7);
  r.mod_seq = ModSeq(5000);
  r.octets = 1'234'567;
  r.messages = 250;
  r.retained_octets = 99;
  r.retained_messages = 3;
  r.last_uid_validity = UidValidity(1'767'225'605);
  r.vacated_uid_validity = UidValidity(1'767'225'603);
  return r;
}

About about() {
  return {"Lists/Grüße",     Role::archive, true,      UidValidity(1'767'225'600),
          {"$Junk", "todo"}, ModSeq(),      WallTime()};
}

Numbers numbers() {
  Numbers r;
  r.uid_next = Uid(0xFFFF'FFFF);
  r.mod_seq = ModSeq(5000);
  r.state_seq = ModSeq(4000);
  r.messages = 300;
  r.unseen = 20;
  r.deleted = 1;
  r.octets = 1'000'000;
  r.gone_horizon = ModSeq(77);
  r.recent_from = Uid(290);
  r.recent = 12;
  r.first_unseen = 281;
  r.gone_records = 5;
  return r;
}

EmailRecord email_record() {
  EmailRecord r;
  r.email.id = EmailId(300);
  r.email.thread = ThreadId(199);
  r.email.received = kTime;
  r.email.body = {store::BodyId(0x1234567), 4096};
  r.email.prefix = "Return-Path: <ann@example.org>\r\n";
  r.email.digest = "digest";
  r.mailbox = kInbox;
  r.uid = Uid(12);
  r.thread_keys = {0x0102030405060708, 0xFFFFFFFFFFFFFFFF};
  return r;
}

// Every proper beginning, and every longer text, of a record is no record.
template <class F>
void expect_exact(const std::string& octets, F&& decodes) {
  EXPECT_TRUE(decodes(octets));
  EXPECT_FALSE(decodes(octets + '\0'));
  for (std::size_t n = 0; n < octets.size(); ++n) EXPECT_FALSE(decodes(octets.substr(0, n))) << n;
  std::string newer = octets;
  newer[0] = 9;
  EXPECT_FALSE(decodes(newer)) << "of a version that is not known";
}

TEST(Records, SayWhatWasWritten) {
  EXPECT_EQ(decode_account(encode(account_numbers())), account_numbers());
  EXPECT_EQ(decode_about(encode(about())), about());
  EXPECT_EQ(decode_numbers(encode(numbers())), numbers());
  auto email = decode_email(encode(email_record()), EmailId(300));
  ASSERT_TRUE(email);
  EXPECT_EQ(email->email.id, EmailId(300));
  EXPECT_EQ(email->email.thread, ThreadId(199));
  EXPECT_EQ(email->email.received, kTime);
  EXPECT_EQ(email->email.body, email_record().email.body);
  EXPECT_EQ(email->email.prefix, email_record().email.prefix);
  EXPECT_EQ(email->email.digest, "digest");
  EXPECT_EQ(email->thread_keys, email_record().thread_keys);
  EXPECT_EQ(email->uid, Uid(12));
  std::vector<Uid> uids{Uid(1), Uid(2), Uid(3), Uid(9), Uid(0xFFFF'FFFE), Uid(0xFFFF'FFFF)};
  auto ranges = ranges_of(uids);
  EXPECT_EQ(ranges, (std::vector<UidRange>{{Uid(1), 3}, {Uid(9), 1}, {Uid(0xFFFF'FFFE), 2}}));
  EXPECT_EQ(decode_gone(encode_gone(ranges)), ranges);
  EXPECT_EQ(decode_thread(encode_thread(ThreadId(77))), ThreadId(77));
  EXPECT_TRUE(decode_subscription(encode_subscription()));
  About leaving = about();
  leaving.removed = ModSeq(4711);
  leaving.removed_at = kTime;
  EXPECT_EQ(decode_about(encode(leaving)), leaving);
}

TEST(Records, AreWholeOrCorrupt) {
  expect_exact(encode(account_numbers()), [](auto s) { return decode_account(s).has_value(); });
  expect_exact(encode(about()), [](auto s) { return decode_about(s).has_value(); });
  expect_exact(encode(numbers()), [](auto s) { return decode_numbers(s).has_value(); });
  expect_exact(encode(email_record()),
               [](auto s) { return decode_email(s, EmailId(1)).has_value(); });
  expect_exact(encode_gone({{Uid(4), 2}, {Uid(9), 1}}),
               [](auto s) { return decode_gone(s).has_value(); });
  expect_exact(encode_subscription(), [](auto s) { return decode_subscription(s).has_value(); });
  expect_exact(encode_thread(ThreadId(4)), [](auto s) { return decode_thread(s).has_value(); });
  EXPECT_FALSE(decode_gone(std::string("\x01\x02\x05\x02\x00\x01", 6))) << "ranges that touch";
  EXPECT_FALSE(decode_gone(std::string("\x01\x01\x00\x01", 4))) << "uid 0";
  EXPECT_FALSE(decode_gone(std::string("\x01\x01\x05\x00", 4))) << "an empty range";
}

// What version 1 wrote.
TEST(RecordFormat, TheVersionBeforeIsRead) {
  auto account = decode_account(*hex_decode("01ad02c80107882787ad4bfa01630385f2d6ca0600"));
  ASSERT_TRUE(account);
  AccountNumbers expected = account_numbers();
  expected.vacated_uid_validity = {};
  EXPECT_EQ(*account, expected);
  EXPECT_EQ(
      decode_about(*hex_decode("010d4c697374732f4772c3bcc39f65060180f2d6ca060205244a756e6b04746"
                               "f646f")),
      about());
  auto numbers_1 = decode_numbers(*hex_decode("01ffffffff0f8827a01fac021401c0843d00"));
  ASSERT_TRUE(numbers_1);
  EXPECT_EQ(numbers_1->messages, 300u);
  EXPECT_EQ(numbers_1->recent_from, Uid(1));
  EXPECT_EQ(numbers_1->recent, 300u) << "nobody has claimed any";
  EXPECT_EQ(numbers_1->first_unseen, 0u) << "not known";
}

// RFC 7162 §7: a mod-sequence is positive, HIGHESTMODSEQ of an empty mailbox too.
TEST(RecordFormat, WhereNothingHasHappenedTheModseqIsOne) {
  EXPECT_EQ(Numbers{}.mod_seq, ModSeq(1));
  EXPECT_EQ(AccountNumbers{}.mod_seq, ModSeq(1));
  Numbers numbers;
  AccountNumbers account;
  numbers.mod_seq = account.mod_seq = ModSeq(0);
  EXPECT_EQ(decode_numbers(encode(numbers))->mod_seq, ModSeq(1)) << "as it was written before";
  EXPECT_EQ(decode_account(encode(account))->mod_seq, ModSeq(1));
}

// docs/formats/mailbox.md: what was written once must be read for ever.
TEST(RecordFormat, OctetsStayAsTheyAre) {
  struct Case {
    const char* what;
    std::string octets;
    const char* hex;
  };
  const Case cases[] = {
      {"m", encode(account_numbers()), "02ad02c80107882787ad4bfa01630385f2d6ca060083f2d6ca06"},
      {"b", encode(about()),
       "020d4c697374732f4772c3bcc39f65060180f2d6ca060205244a756e6b04746f646f0000"},
      {"n", encode(numbers()), "02ffffffff0f8827a01fac021401c0843d4da2020c990205"},
      {"e", encode(email_record()),
       "01c701f6a1d5edee66e78a8d098020010c020102030405060708ffffffffffffffff2052657475726e2d5061746"
       "83a203c616e6e406578616d706c652e6f72673e0d0a06646967657374"},
      {"g", encode_gone({{Uid(4), 2}, {Uid(900), 1}}), "01020402fe0601"},
      {"t", encode_thread(ThreadId(300)), "01ac02"},
      {"u", encode_subscription(), "01"},
      {"c, copied", copied_records({EmailId(513), EmailId(514), EmailId(513)})[0].second,
       "0201010202010101"},
      {"c, base", Copies::decode("\x02\x01\x01\x02\x02\x01\x01\x01")->encode(), "010101020201"},
      {"key m", keys::account(kAccount), "412f00000000000004006d"},
      {"key b", keys::about(kAccount, MailboxId(2)), "412f00000000000004006200000002"},
      {"key n", keys::numbers(kAccount, MailboxId(2)), "412f00000000000004006e00000002"},
      {"key s", keys::state(kAccount, MailboxId(2), 3), "412f0000000000000400730000000200000003"},
      {"key g", keys::gone(kAccount, MailboxId(2), ModSeq(4)),
       "412f000000000000040067000000020000000000000004"},
      {"key e", keys::email(kAccount, EmailId(5)), "412f0000000000000400650000000000000005"},
      {"key x", keys::expunged(kAccount, kTime, ModSeq(6), 7),
       "412f0000000000000400780000019b76daa87b000000000000000600000007"},
      {"key t", keys::thread(kAccount, 0x0102030405060708),
       "412f0000000000000400740102030405060708"},
      {"key c", keys::copies(kAccount, 3), "412f0000000000000400630000000000000003"},
      {"key u", keys::subscription(kAccount, "a/b"), "412f000000000000040075612f62"},
      {"owner", keys::body_owner(kAccount, EmailId(5)), "4100000000000004000000000000000005"},
  };
  for (const auto& c : cases) EXPECT_EQ(hex_encode(c.octets), c.hex) << c.what;
}

TEST(MailboxTable, FindsEveryMailboxAndCopiesShareTheRest) {
  MailboxTable table;
  for (std::uint32_t id = 1; id <= 1000; id += 3) table.put({MailboxId(id), {}, {}, {}});
  MailboxTable before = table;
  MailboxHead changed{MailboxId(400), {}, {}, {}};
  changed.numbers.messages = 9;
  table.put(changed);
  EXPECT_EQ(table.size(), 334u);
  for (std::uint32_t id = 0; id <= 1002; ++id) {
    const MailboxHead* found = table.find(MailboxId(id));
    EXPECT_EQ(found != nullptr, id % 3 == 1 && id <= 1000) << id;
  }
  EXPECT_EQ(table.find(MailboxId(400))->numbers.messages, 9u);
  EXPECT_EQ(before.find(MailboxId(400))->numbers.messages, 0u);
  EXPECT_EQ(before.find(MailboxId(1)), table.find(MailboxId(1))) << "the same block";
  for (std::uint32_t id = 1; id <= 1000; id += 3)
    if (id != 997) table.erase(MailboxId(id));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(before.size(), 334u);
  EXPECT_EQ(table.find(MailboxId(994)), nullptr);
  ASSERT_NE(table.find(MailboxId(997)), nullptr);
  table.put({MailboxId(1003), {}, {}, {}});
  EXPECT_EQ(table.find(MailboxId(1003))->id, MailboxId(1003));
}

TEST(Copies, AreCountedUpByAppendsAndDownByTheSweep) {
  std::string octets;
  for (int i = 0; i < 3; ++i)
    for (auto& [page, record] : copied_records({EmailId(256), EmailId(300), EmailId(300)}))
      octets += page == 1 ? record : "";
  auto copies = Copies::decode(octets);
  ASSERT_TRUE(copies);
  EXPECT_EQ(copies->more(EmailId(256)), 3u);
  EXPECT_EQ(copies->more(EmailId(300)), 6u);
  EXPECT_EQ(copies->more(EmailId(301)), 0u);
  for (int i = 0; i < 3; ++i) copies->take_one(EmailId(256));
  auto again = Copies::decode(copies->encode());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->more(EmailId(256)), 0u);
  EXPECT_EQ(again->more(EmailId(300)), 6u);
  EXPECT_FALSE(again->none());
  for (int i = 0; i < 6; ++i) again->take_one(EmailId(300));
  EXPECT_TRUE(again->none());
  using namespace std::string_literals;
  for (const auto& wrong : {"\x03\x01\x01\x01"s, "\x02\x00"s, "\x01\x01\x01\x01\x00"s,
                            "\x02\x01\x01\x01\x01\x01\x01\x01\x05"s, "\x02\x01\x01"s})
    EXPECT_FALSE(Copies::decode(wrong)) << "kind, no e-mail, no copy, a base behind, cut off";
}

TEST(Copies, RecordsGoToThePageOfEachEmail) {
  auto records = copied_records({EmailId(1000), EmailId(3), EmailId(1001), EmailId(255)});
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].first, 0u);
  EXPECT_EQ(records[1].first, 3u);
  EXPECT_TRUE(copied_records({}).empty());
}

TEST(RecentThreads, KnowAtLeastTheLastGeneration) {
  RecentThreads threads;
  for (std::uint64_t n = 1; n <= 100; ++n) {
    threads.put(std::vector{n * 10, n * 10 + 1}, ThreadId(n));
    for (std::uint64_t back = 0; back < RecentThreads::kGeneration && back < n; ++back)
      EXPECT_EQ(threads.find(std::vector{7ul, (n - back) * 10 + 1}), ThreadId(n - back));
  }
  EXPECT_EQ(threads.find(std::vector{10ul}), ThreadId{}) << "long ago";
  EXPECT_EQ(threads.find({}), ThreadId{});
}

}  // namespace
}  // namespace posta::mailbox
