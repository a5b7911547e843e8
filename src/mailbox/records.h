// records.h: the records of an account, to octets and back (docs/formats/mailbox.md, *Records*).
//
// Decoders never trust: what is malformed, or of a newer version, is Error{corrupt}.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mailbox/mailbox.h"

namespace posta::mailbox {

inline constexpr std::size_t kThreadKeysMax = 8;  // message ids written for one e-mail

// RFC 7162 §7: "mod-sequence-value = 1*DIGIT" is a "Positive unsigned 63-bit integer", also where
// HIGHESTMODSEQ is told of a mailbox to which nothing has happened. So accounts and mailboxes begin
// with 1, and the first change takes 2; 0, as older records say it there, is read as 1.
inline constexpr ModSeq kFirstModSeq{1};

// `m`: the account.
struct AccountNumbers {
  EmailId next_email{1};
  ThreadId next_thread{1};
  MailboxId next_mailbox{1};
  ModSeq mod_seq = kFirstModSeq;  // the last given
  Octets octets = 0;
  std::uint64_t messages = 0;
  Octets retained_octets = 0;
  std::uint64_t retained_messages = 0;
  UidValidity last_uid_validity;
  bool closed = false;               // being removed
  UidValidity vacated_uid_validity;  // the highest of a mailbox that gave up its name
  friend bool operator==(const AccountNumbers&, const AccountNumbers&) = default;
};

// `b`: what a person sees of a mailbox. Immutable, shared by heads and views.
struct About {
  std::string name;
  Role role = Role::none;
  bool subscribed = false;  // as version 1 wrote it; now there are records of their own
  UidValidity uid_validity;
  std::vector<std::string> keywords;
  ModSeq removed;       // of the removal that is under way; 0: the mailbox is there
  WallTime removed_at;  // if so
  bool leaving() const { return bool{removed}; }
  friend bool operator==(const About&, const About&) = default;
};

// `n`: what every change of a mailbox changes.
struct Numbers {
  Uid uid_next{1};
  ModSeq mod_seq = kFirstModSeq;
  ModSeq state_seq;  // of the last change that was not a delivery
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;
  Octets octets = 0;
  ModSeq gone_horizon;
  Uid recent_from{1};
  std::uint32_t recent = 0;        // messages from there on
  std::uint32_t first_unseen = 0;  // sequence number; 0: not known, or unseen is 0
  std::uint32_t gone_records = 0;
  friend bool operator==(const Numbers&, const Numbers&) = default;
};

// `e`, beside what Email has.
struct EmailRecord {
  Email email;
  MailboxId mailbox;  // where it first arrived
  Uid uid;
  std::vector<std::uint64_t> thread_keys;
};

// Uids first, first + 1, … first + count - 1.
struct UidRange {
  Uid first;
  std::uint32_t count = 0;
  friend bool operator==(const UidRange&, const UidRange&) = default;
};

std::string encode(const AccountNumbers& record);
std::string encode(const About& record);
std::string encode(const Numbers& record);
std::string encode(const EmailRecord& record);
std::string encode_gone(const std::vector<UidRange>& ranges);
std::string encode_thread(ThreadId thread);
std::string encode_subscription();

// The e-mail record of an arrival, without copying its parts together first.
std::string encode_email(const Arrival& arrival, ThreadId thread, MailboxId mailbox, Uid uid,
                         std::size_t thread_keys);

Result<AccountNumbers> decode_account(std::string_view octets);
Result<About> decode_about(std::string_view octets);
Result<Numbers> decode_numbers(std::string_view octets);
Result<EmailRecord> decode_email(std::string_view octets, EmailId id);
Result<Email> take_email(std::string octets, EmailId id);  // without copying the digest
Result<std::vector<UidRange>> decode_gone(std::string_view octets);
Result<ThreadId> decode_thread(std::string_view octets);
Result<> decode_subscription(std::string_view octets);

// Ascending uids as ranges.
std::vector<UidRange> ranges_of(const std::vector<Uid>& uids);

// A message has come, behind all others: messages, unseen, deleted, octets, recent, first unseen.
void count_arrival(Numbers& numbers, const MessageState& state);

MailboxRecord record_of(MailboxId id, const About& about, const Numbers& numbers);

inline Failure corrupt(const char* what) {
  return fail(Error::Kind::corrupt, what);
}

}  // namespace posta::mailbox
