#include "mailbox/records.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"

namespace posta::mailbox {

namespace {

constexpr std::uint8_t kKind = 1;
constexpr std::uint8_t kKindNow = 2;  // `m`, `b` and `n`, which read 1 too

bool is_known(std::uint8_t kind) {
  return kind == kKind || kind == kKindNow;
}

// A 32-bit field; more is corrupt.
std::uint32_t number32(Reader& in) {
  std::uint64_t value = in.number();
  if (value > std::numeric_limits<std::uint32_t>::max()) in.fail();
  return static_cast<std::uint32_t>(value);
}

std::int64_t ms_of(WallTime time) {
  return time.time_since_epoch().count();
}

WallTime time_of(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

}  // namespace

std::string encode(const AccountNumbers& r) {
  Writer out(kKindNow);
  out.number(r.next_email.value).number(r.next_thread.value).number(r.next_mailbox.value);
  out.number(r.mod_seq.value).number(r.octets).number(r.messages);
  out.number(r.retained_octets).number(r.retained_messages).number(r.last_uid_validity.value);
  out.boolean(r.closed).number(r.vacated_uid_validity.value);
  return out.take();
}

Result<AccountNumbers> decode_account(std::string_view octets) {
  Reader in(octets);
  std::uint8_t kind = in.octet();
  if (!is_known(kind)) return corrupt("the account's record is of an unknown version");
  AccountNumbers r;
  r.next_email = EmailId(in.number());
  r.next_thread = ThreadId(in.number());
  r.next_mailbox = MailboxId(number32(in));
  r.mod_seq = std::max(ModSeq(in.number()), kFirstModSeq);
  r.octets = in.number();
  r.messages = in.number();
  r.retained_octets = in.number();
  r.retained_messages = in.number();
  r.last_uid_validity = UidValidity(number32(in));
  std::uint8_t closed = in.octet();
  r.closed = closed == 1;
  if (kind == kKindNow) r.vacated_uid_validity = UidValidity(number32(in));
  if (!in.done() || closed > 1) return corrupt("the account's record is malformed");
  return r;
}

std::string encode(const About& r) {
  Writer out(kKindNow);
  out.text(r.name).octet(static_cast<std::uint8_t>(r.role)).boolean(r.subscribed);
  out.number(r.uid_validity.value).number(r.keywords.size());
  for (const auto& keyword : r.keywords) out.text(keyword);
  out.number(r.removed.value).signed_number(ms_of(r.removed_at));
  return out.take();
}

Result<About> decode_about(std::string_view octets) {
  Reader in(octets);
  std::uint8_t kind = in.octet();
  if (!is_known(kind)) return corrupt("a mailbox's record is of an unknown version");
  About r;
  r.name = in.text();
  std::uint8_t role = in.octet();
  std::uint8_t subscribed = in.octet();
  r.uid_validity = UidValidity(number32(in));
  std::uint64_t keywords = in.number();
  if (role > static_cast<std::uint8_t>(Role::archive) || subscribed > 1 ||
      keywords > static_cast<std::uint64_t>(kKeywordsMax))
    return corrupt("a mailbox's record is malformed");
  r.role = static_cast<Role>(role);
  r.subscribed = subscribed == 1;
  for (std::uint64_t i = 0; i < keywords && in.ok(); ++i) r.keywords.emplace_back(in.text());
  if (kind == kKindNow) {
    r.removed = ModSeq(in.number());
    r.removed_at = time_of(in.signed_number());
  }
  if (!in.done()) return corrupt("a mailbox's record is malformed");
  return r;
}

std::string encode(const Numbers& r) {
  Writer out(kKindNow);
  out.number(r.uid_next.value).number(r.mod_seq.value).number(r.state_seq.value);
  out.number(r.messages).number(r.unseen).number(r.deleted).number(r.octets);
  out.number(r.gone_horizon.value).number(r.recent_from.value).number(r.recent);
  out.number(r.first_unseen).number(r.gone_records);
  return out.take();
}

Result<Numbers> decode_numbers(std::string_view octets) {
  Reader in(octets);
  std::uint8_t kind = in.octet();
  if (!is_known(kind)) return corrupt("a mailbox's numbers are of an unknown version");
  Numbers r;
  r.uid_next = Uid(number32(in));
  r.mod_seq = std::max(ModSeq(in.number()), kFirstModSeq);
  r.state_seq = ModSeq(in.number());
  r.messages = number32(in);
  r.unseen = number32(in);
  r.deleted = number32(in);
  r.octets = in.number();
  r.gone_horizon = ModSeq(in.number());
  r.recent = r.messages;  // version 1: nobody has claimed any
  if (kind == kKindNow) {
    r.recent_from = Uid(number32(in));
    r.recent = number32(in);
    r.first_unseen = number32(in);
    r.gone_records = number32(in);
  }
  if (!in.done()) return corrupt("a mailbox's numbers are malformed");
  return r;
}

namespace {

std::string encode_email(ThreadId thread, WallTime received, const store::BodyRef& body,
                         MailboxId mailbox, Uid uid, const std::uint64_t* thread_keys,
                         std::size_t thread_keys_count, std::string_view prefix,
                         std::string_view digest) {
  std::string keys;
  for (std::size_t i = 0; i < thread_keys_count; ++i) put_be64(keys, thread_keys[i]);
  Writer out(kKind);
  out.reserve(64 + keys.size() + prefix.size() + digest.size());
  out.number(thread.value).signed_number(ms_of(received)).number(body.id.value).number(body.size);
  out.number(mailbox.value).number(uid.value).number(thread_keys_count).raw(keys);
  out.text(prefix).text(digest);
  return out.take();
}

}  // namespace

std::string encode_email(const Arrival& arrival, ThreadId thread, MailboxId mailbox, Uid uid,
                         std::size_t thread_keys) {
  std::string_view digest;
  if (arrival.digest) digest = *arrival.digest;
  return encode_email(thread, arrival.internal_date, arrival.body, mailbox, uid,
                      arrival.thread_keys.data(), thread_keys, arrival.prefix, digest);
}

std::string encode(const EmailRecord& r) {
  return encode_email(r.email.thread, r.email.received, r.email.body, r.mailbox, r.uid,
                      r.thread_keys.data(), r.thread_keys.size(), r.email.prefix, r.email.digest);
}

namespace {

// All but the thread keys and the digest, which are left in `thread_keys` and `digest`.
Result<EmailRecord> decode_email_but(std::string_view octets, EmailId id,
                                     std::string_view& thread_keys, std::string_view& digest) {
  Reader in(octets);
  if (in.octet() != kKind) return corrupt("an e-mail's record is of an unknown version");
  EmailRecord r;
  r.email.id = id;
  r.email.thread = ThreadId(in.number());
  r.email.received = time_of(in.signed_number());
  r.email.body.id = store::BodyId(in.number());
  r.email.body.size = in.number();
  r.mailbox = MailboxId(number32(in));
  r.uid = Uid(number32(in));
  std::uint64_t keys = in.number();
  if (keys > kThreadKeysMax) return corrupt("an e-mail's record is malformed");
  thread_keys = in.raw(8 * keys);
  r.email.prefix = in.text();
  digest = in.text();
  if (!in.done()) return corrupt("an e-mail's record is malformed");
  return r;
}

}  // namespace

Result<EmailRecord> decode_email(std::string_view octets, EmailId id) {
  std::string_view keys, digest;
  TRY(auto record, decode_email_but(octets, id, keys, digest));
  for (; !keys.empty(); keys.remove_prefix(8)) record.thread_keys.push_back(get_be64(keys));
  record.email.digest = digest;
  return record;
}

Result<Email> take_email(std::string octets, EmailId id) {
  std::string_view keys, digest;
  TRY(auto record, decode_email_but(octets, id, keys, digest));
  // The digest is the record's end.
  octets.erase(0, octets.size() - digest.size());
  record.email.digest = std::move(octets);
  return std::move(record.email);
}

std::string encode_gone(const std::vector<UidRange>& ranges) {
  Writer out(kKind);
  out.number(ranges.size());
  std::uint32_t end = 0;
  for (const auto& range : ranges) {
    out.number(range.first.value - end).number(range.count);
    end = range.first.value + range.count;
  }
  return out.take();
}

Result<std::vector<UidRange>> decode_gone(std::string_view octets) {
  Reader in(octets);
  if (in.octet() != kKind) return corrupt("a record of expunged uids is of an unknown version");
  std::uint64_t count = in.number();
  std::vector<UidRange> ranges;
  std::uint64_t end = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    std::uint64_t first = end + number32(in);
    std::uint32_t length = number32(in);
    end = first + length;
    // Ranges never touch, or they would be one; and uids are below 2^32.
    if (length == 0 || first == 0 || end > (std::uint64_t{1} << 32) ||
        (i > 0 && first == ranges.back().first.value + std::uint64_t{ranges.back().count}))
      return corrupt("a record of expunged uids is malformed");
    ranges.push_back({Uid(static_cast<std::uint32_t>(first)), length});
  }
  if (!in.done()) return corrupt("a record of expunged uids is malformed");
  return ranges;
}

std::string encode_thread(ThreadId thread) {
  return Writer(kKind).number(thread.value).take();
}

Result<ThreadId> decode_thread(std::string_view octets) {
  Reader in(octets);
  if (in.octet() != kKind) return corrupt("a thread's record is of an unknown version");
  ThreadId thread(in.number());
  if (!in.done()) return corrupt("a thread's record is malformed");
  return thread;
}

std::string encode_subscription() {
  return Writer(kKind).take();
}

Result<> decode_subscription(std::string_view octets) {
  Reader in(octets);
  if (in.octet() != kKind || !in.done())
    return corrupt("a subscription's record is of an unknown version");
  return {};
}

std::vector<UidRange> ranges_of(const std::vector<Uid>& uids) {
  std::vector<UidRange> ranges;
  for (Uid uid : uids) {
    if (!ranges.empty() && ranges.back().first.value + ranges.back().count == uid.value)
      ++ranges.back().count;
    else
      ranges.push_back({uid, 1});
  }
  return ranges;
}

void count_arrival(Numbers& numbers, const MessageState& state) {
  numbers.messages += 1;
  numbers.recent += 1;
  numbers.deleted += state.flags.has(Flags::deleted) ? 1 : 0;
  numbers.octets += state.size;
  if (state.flags.has(Flags::seen)) return;
  if (numbers.unseen == 0) numbers.first_unseen = numbers.messages;
  numbers.unseen += 1;
}

MailboxRecord record_of(MailboxId id, const About& about, const Numbers& numbers) {
  MailboxRecord record;
  record.id = id;
  record.name = about.name;
  record.role = about.role;
  record.subscribed = about.subscribed;  // for list() and find(); they know the rest
  record.uid_validity = about.uid_validity;
  record.uid_next = numbers.uid_next;
  record.mod_seq = numbers.mod_seq;
  record.messages = numbers.messages;
  record.unseen = numbers.unseen;
  record.deleted = numbers.deleted;
  record.octets = numbers.octets;
  record.keywords = about.keywords;
  record.recent_from = numbers.recent_from;
  return record;
}

}  // namespace posta::mailbox
