// account.cc: an account's beginning and end, and the end of what it threw away.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kSweepPiece = 4;     // records of up to 256 e-mails in one batch
constexpr std::size_t kRemovePiece = 256;  // e-mails in one batch

// RFC 3501 §2.3.1.1: "A good UIDVALIDITY value to use in this case is a 32-bit representation of
// the creation date/time of the mailbox". Never 0, never one that the account had before.
UidValidity next_uid_validity(UidValidity last, WallTime now) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
  std::int64_t value = std::clamp<std::int64_t>(seconds, 1, kMax);
  return UidValidity(static_cast<std::uint32_t>(std::max<std::int64_t>(value, last.value + 1)));
}

constexpr std::pair<const char*, Role> kFirstMailboxes[] = {
    {"INBOX", Role::inbox}, {"Drafts", Role::drafts}, {"Sent", Role::sent},
    {"Junk", Role::junk},   {"Trash", Role::trash},   {"Archive", Role::archive},
};

// Everything of one e-mail but its rows.
void erase_email(store::Batch& batch, AccountId account, const EmailRecord& record) {
  batch.unlink(record.email.body.id, keys::body_owner(account, record.email.id));
  batch.erase(keys::email(account, record.email.id));
  for (auto hash : record.thread_keys) batch.erase(keys::thread(account, hash));
}

}  // namespace

void Mailboxes::prepare_create(store::Batch& batch, AccountId account, WallTime now) {
  AccountNumbers numbers;
  batch.require_absent(keys::account(account)).touch(partition_of(account));
  for (const auto& [name, role] : kFirstMailboxes) {
    About about;
    about.name = name;
    about.role = role;
    about.subscribed = true;
    about.uid_validity = next_uid_validity(numbers.last_uid_validity, now);
    numbers.last_uid_validity = about.uid_validity;
    MailboxId id = numbers.next_mailbox;
    CHECK((id == kInbox) == (role == Role::inbox));
    numbers.next_mailbox = id.next();
    batch.put(keys::about(account, id), encode(about));
    batch.put(keys::numbers(account, id), encode(Numbers{}));
  }
  batch.put(keys::account(account), encode(numbers));
}

// ----------------------------------------------------------------------------------------------
// retention

namespace {

// A piece of the sweep: what its batch takes away.
struct Swept {
  store::Batch batch;
  std::uint64_t messages = 0;
  Octets octets = 0;
};

Task<Result<Swept>> sweep_piece(std::shared_ptr<const store::Snapshot> snapshot, AccountId account,
                                WallTime before) {
  Swept swept;
  auto range = keys::expunged_before(account, before);
  auto scanned = co_await snapshot->scan(std::move(range), kSweepPiece);
  CO_TRY(auto records, std::move(scanned));
  std::vector<EmailId> emails;
  std::vector<std::string> wanted;
  for (auto& [key, value] : records) {
    if (!keys::is(key, keys::Kind::expunged))
      co_return corrupt("the key of expunged messages is malformed");
    CO_TRY(auto expunged, decode_expunged(keys::expunged_page_of(key), value));
    for (std::uint32_t row = 0; row < expunged.rows->rows(); ++row) {
      MessageState state = expunged.rows->at(row);
      emails.push_back(state.email);
      wanted.push_back(keys::email(account, state.email));
      swept.messages += 1;
      swept.octets += state.size;
    }
    swept.batch.require_value(key, store::digest_of(value));
    swept.batch.erase(std::move(key));
  }
  auto got = co_await snapshot->multi_get(std::move(wanted));
  CO_TRY(auto values, std::move(got));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) co_return corrupt("an expunged e-mail has no record");
    CO_TRY(auto record, decode_email(*values[i], emails[i]));
    erase_email(swept.batch, account, record);
  }
  co_return swept;
}

int settle_sweep(store::Turn& turn, AccountId account, std::uint64_t messages, Octets octets) {
  auto before = head_of(turn);
  if (!before) return store::kNoHead;
  if (before->numbers.closed) return kNoMailbox;
  auto head = std::make_shared<AccountHead>(*before);
  CHECK(head->numbers.retained_messages >= messages && head->numbers.retained_octets >= octets);
  head->numbers.retained_messages -= messages;
  head->numbers.retained_octets -= octets;
  turn.put(keys::account(account), encode(head->numbers));
  turn.set_head(std::move(head));
  return store::kAccept;
}

}  // namespace

Task<Result<std::uint64_t>> Mailboxes::sweep_expunged(AccountId account, WallTime before) {
  std::uint64_t total = 0;
  for (int refused = 0; refused < kAttemptsMax;) {
    CO_TRY_VOID(co_await impl_->load(account));
    auto pieced = co_await sweep_piece(impl_->store.snapshot(), account, before);
    if (!pieced && pieced.error().is(Error::Kind::stale)) {
      ++refused;
      continue;
    }
    CO_TRY(auto swept, std::move(pieced));
    if (swept.messages == 0) co_return total;
    std::uint64_t messages = swept.messages;
    Octets octets = swept.octets;
    swept.batch.at_turn(partition_of(account), [=](store::Turn& turn) {
      return settle_sweep(turn, account, messages, octets);
    });
    auto result = co_await impl_->store.commit(std::move(swept.batch));
    CO_TRY(auto committed, std::move(result));
    if (!committed.ok()) {
      ++refused;
      continue;
    }
    refused = 0;
    total += messages;
  }
  co_return fail(Error::Kind::unavailable, "the account changes too fast");
}

// ----------------------------------------------------------------------------------------------
// removal

namespace {

int close_account(store::Turn& turn, AccountId account) {
  auto head = std::make_shared<AccountHead>();
  if (auto before = head_of(turn)) head->numbers = before->numbers;
  head->numbers.closed = true;
  turn.put(keys::account(account), encode(head->numbers));
  turn.set_head(std::move(head));
  auto news = std::make_shared<News>();
  news->account = account;
  news->removed = true;
  turn.publish(kTopic, std::move(news));
  return store::kAccept;
}

}  // namespace

Task<Result<>> Mailboxes::remove(AccountId account) {
  auto got = co_await impl_->store.snapshot()->get(keys::account(account));
  CO_TRY(auto value, std::move(got));
  if (!value) co_return fail(Error::Kind::not_found, "no such account");
  store::Batch closing;
  closing.at_turn(partition_of(account),
                  [account](store::Turn& turn) { return close_account(turn, account); });
  auto closed = co_await impl_->store.commit(std::move(closing));
  CO_TRY_VOID(std::move(closed));

  for (;;) {
    auto range = keys::all(account, keys::Kind::email);
    auto snapshot = impl_->store.snapshot();
    auto scanned = co_await snapshot->scan(std::move(range), kRemovePiece);
    CO_TRY(auto emails, std::move(scanned));
    if (emails.empty()) break;
    store::Batch batch;
    batch.touch(partition_of(account));
    for (const auto& [key, octets] : emails) {
      if (!keys::is(key, keys::Kind::email)) co_return corrupt("an e-mail's key is malformed");
      CO_TRY(auto record, decode_email(octets, keys::email_of(key)));
      erase_email(batch, account, record);
    }
    auto result = co_await impl_->store.commit(std::move(batch));
    CO_TRY_VOID(std::move(result));
  }
  store::Batch rest;
  rest.touch(partition_of(account)).erase_range(keys::everything(account));
  auto result = co_await impl_->store.commit(std::move(rest));
  CO_TRY_VOID(std::move(result));
  co_return Result<>{};
}

}  // namespace posta::mailbox
