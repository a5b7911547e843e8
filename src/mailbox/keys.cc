#include "mailbox/keys.h"

#include "base/bytes.h"
#include "base/check.h"

namespace posta::mailbox::keys {

namespace {

std::string begin(AccountId account, Kind kind, std::size_t rest) {
  std::string key;
  key.reserve(kPrefixOctets + rest);
  key += "A/";
  put_be64(key, account.value);
  key += static_cast<char>(kind);
  return key;
}

std::uint64_t octets_of_time(WallTime time) {
  auto since = time.time_since_epoch().count();
  return since < 0 ? 0 : static_cast<std::uint64_t>(since);
}

std::size_t length_of(Kind kind) {
  switch (kind) {
    case Kind::account: return 0;
    case Kind::about:
    case Kind::numbers: return 4;
    case Kind::state:
    case Kind::email:
    case Kind::copies:
    case Kind::thread: return 8;
    case Kind::gone:
    case Kind::receipt: return 12;
    case Kind::expunged: return 20;
    case Kind::subscription: return 1;  // at least
  }
  return 0;
}

}  // namespace

std::string account(AccountId account) {
  return begin(account, Kind::account, 0);
}

std::string about(AccountId account, MailboxId mailbox) {
  std::string key = begin(account, Kind::about, 4);
  put_be32(key, mailbox.value);
  return key;
}

std::string numbers(AccountId account, MailboxId mailbox) {
  std::string key = begin(account, Kind::numbers, 4);
  put_be32(key, mailbox.value);
  return key;
}

std::string state(AccountId account, MailboxId mailbox, std::uint32_t page) {
  std::string key = begin(account, Kind::state, 8);
  put_be32(key, mailbox.value);
  put_be32(key, page);
  return key;
}

std::string gone(AccountId account, MailboxId mailbox, ModSeq mod_seq) {
  std::string key = begin(account, Kind::gone, 12);
  put_be32(key, mailbox.value);
  put_be64(key, mod_seq.value);
  return key;
}

std::string email(AccountId account, EmailId email) {
  std::string key = begin(account, Kind::email, 8);
  put_be64(key, email.value);
  return key;
}

std::string expunged(AccountId account, WallTime time, ModSeq mod_seq, std::uint32_t page) {
  std::string key = begin(account, Kind::expunged, 20);
  put_be64(key, octets_of_time(time));
  put_be64(key, mod_seq.value);
  put_be32(key, page);
  return key;
}

std::string thread(AccountId account, std::uint64_t hash) {
  std::string key = begin(account, Kind::thread, 8);
  put_be64(key, hash);
  return key;
}

std::string copies(AccountId account, std::uint64_t page) {
  std::string key = begin(account, Kind::copies, 8);
  put_be64(key, page);
  return key;
}

std::string subscription(AccountId account, std::string_view name) {
  std::string key = begin(account, Kind::subscription, name.size());
  key += name;
  return key;
}

store::Range everything(AccountId account) {
  std::string prefix = begin(account, Kind::account, 0);
  prefix.pop_back();
  return store::Range::prefix(prefix);
}

store::Range all(AccountId account, Kind kind) {
  return store::Range::prefix(begin(account, kind, 0));
}

store::Range all_states(AccountId account, MailboxId mailbox) {
  std::string prefix = begin(account, Kind::state, 4);
  put_be32(prefix, mailbox.value);
  return store::Range::prefix(prefix);
}

store::Range all_gone(AccountId account, MailboxId mailbox) {
  std::string prefix = begin(account, Kind::gone, 4);
  put_be32(prefix, mailbox.value);
  return store::Range::prefix(prefix);
}

store::Range gone_after(AccountId account, MailboxId mailbox, ModSeq since) {
  store::Range range = all_gone(account, mailbox);
  range.begin = gone(account, mailbox, since.next());
  return range;
}

store::Range emails(AccountId account, EmailId first, EmailId last) {
  return {email(account, first), email(account, last.next())};
}

store::Range expunged_after(AccountId account, WallTime time) {
  store::Range range = all(account, Kind::expunged);
  range.begin = begin(account, Kind::expunged, 8);
  put_be64(range.begin, octets_of_time(time) + 1);
  return range;
}

store::Range expunged_before(AccountId account, WallTime time) {
  store::Range range = all(account, Kind::expunged);
  range.end = begin(account, Kind::expunged, 8);
  put_be64(range.end, octets_of_time(time));
  return range;
}

std::string body_owner(AccountId account, EmailId email) {
  std::string owner;
  owner.reserve(17);
  owner += 'A';
  put_be64(owner, account.value);
  put_be64(owner, email.value);
  return owner;
}

bool is(std::string_view key, Kind kind) {
  std::size_t rest = kPrefixOctets + length_of(kind);
  return (key.size() == rest || (kind == Kind::subscription && key.size() > rest)) &&
         key[kPrefixOctets - 1] == static_cast<char>(kind);
}

MailboxId mailbox_of(std::string_view key) {
  return MailboxId(get_be32(key.substr(kPrefixOctets)));
}
std::uint32_t page_of(std::string_view key) {
  return get_be32(key.substr(kPrefixOctets + 4));
}
ModSeq mod_seq_of(std::string_view key) {
  return ModSeq(get_be64(key.substr(kPrefixOctets + 4)));
}
EmailId email_of(std::string_view key) {
  return EmailId(get_be64(key.substr(kPrefixOctets)));
}
std::uint64_t hash_of(std::string_view key) {
  return get_be64(key.substr(kPrefixOctets));
}
ModSeq expunged_mod_seq_of(std::string_view key) {
  return ModSeq(get_be64(key.substr(kPrefixOctets + 8)));
}
std::uint32_t expunged_page_of(std::string_view key) {
  return get_be32(key.substr(kPrefixOctets + 16));
}
WallTime expunged_time_of(std::string_view key) {
  return WallTime(
      std::chrono::milliseconds(static_cast<std::int64_t>(get_be64(key.substr(kPrefixOctets)))));
}

std::uint64_t copies_page_of(std::string_view key) {
  return get_be64(key.substr(kPrefixOctets));
}
std::string_view name_of(std::string_view key) {
  return key.substr(kPrefixOctets);
}

}  // namespace posta::mailbox::keys
