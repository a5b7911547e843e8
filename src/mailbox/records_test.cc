#include "mailbox/records.h"

#include <gtest/gtest.h>

#include "base/codec.h"
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
  return r;
}

About about() {
  return {"Lists/Grüße", Role::archive, true, UidValidity(1'767'225'600), {"$Junk", "todo"}};
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
  newer[0] = 2;
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
}

TEST(Records, AreWholeOrCorrupt) {
  expect_exact(encode(account_numbers()), [](auto s) { return decode_account(s).has_value(); });
  expect_exact(encode(about()), [](auto s) { return decode_about(s).has_value(); });
  expect_exact(encode(numbers()), [](auto s) { return decode_numbers(s).has_value(); });
  expect_exact(encode(email_record()),
               [](auto s) { return decode_email(s, EmailId(1)).has_value(); });
  expect_exact(encode_gone({{Uid(4), 2}, {Uid(9), 1}}),
               [](auto s) { return decode_gone(s).has_value(); });
  expect_exact(encode_thread(ThreadId(4)), [](auto s) { return decode_thread(s).has_value(); });
  EXPECT_FALSE(decode_gone(std::string("\x01\x02\x05\x02\x00\x01", 6))) << "ranges that touch";
  EXPECT_FALSE(decode_gone(std::string("\x01\x01\x00\x01", 4))) << "uid 0";
  EXPECT_FALSE(decode_gone(std::string("\x01\x01\x05\x00", 4))) << "an empty range";
}

// docs/formats/mailbox.md: what was written once must be read for ever.
TEST(RecordFormat, OctetsStayAsTheyAre) {
  struct Case {
    const char* what;
    std::string octets;
    const char* hex;
  };
  const Case cases[] = {
      {"m", encode(account_numbers()), "01ad02c80107882787ad4bfa01630385f2d6ca0600"},
      {"b", encode(about()),
       "010d4c697374732f4772c3bcc39f65060180f2d6ca060205244a756e6b04746f646f"},
      {"n", encode(numbers()), "01ffffffff0f8827a01fac021401c0843d00"},
      {"e", encode(email_record()),
       "01c701f6a1d5edee66e78a8d098020010c020102030405060708ffffffffffffffff2052657475726e2d5061746"
       "83a203c616e6e406578616d706c652e6f72673e0d0a06646967657374"},
      {"g", encode_gone({{Uid(4), 2}, {Uid(900), 1}}), "01020402fe0601"},
      {"t", encode_thread(ThreadId(300)), "01ac02"},
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
