// account.cc: an account's beginning and end.
#include <algorithm>

#include "base/check.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kRemovePiece = 256;  // e-mails in one batch

constexpr std::pair<const char*, Role> kFirstMailboxes[] = {
    {"INBOX", Role::inbox}, {"Drafts", Role::drafts}, {"Sent", Role::sent},
    {"Junk", Role::junk},   {"Trash", Role::trash},   {"Archive", Role::archive},
};

}  // namespace

void erase_email(store::Batch& batch, AccountId account, const EmailRecord& record) {
  batch.unlink(record.email.body.id, keys::body_owner(account, record.email.id));
  batch.erase(keys::email(account, record.email.id));
  for (auto hash : record.thread_keys) batch.erase(keys::thread(account, hash));
}

void Mailboxes::prepare_create(store::Batch& batch, AccountId account, WallTime now) {
  AccountNumbers numbers;
  batch.require_absent(keys::account(account)).touch(partition_of(account));
  for (const auto& [name, role] : kFirstMailboxes) {
    About about;
    about.name = name;
    about.role = role;
    about.uid_validity = next_uid_validity(numbers.last_uid_validity, now);
    numbers.last_uid_validity = about.uid_validity;
    MailboxId id = numbers.next_mailbox;
    CHECK((id == kInbox) == (role == Role::inbox));
    numbers.next_mailbox = id.next();
    batch.put(keys::about(account, id), encode(about));
    batch.put(keys::numbers(account, id), encode(Numbers{}));
    batch.put(keys::subscription(account, name), encode_subscription());
  }
  batch.put(keys::account(account), encode(numbers));
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
