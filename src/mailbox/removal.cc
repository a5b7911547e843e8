// removal.cc: the end of a mailbox (docs/formats/mailbox.md, *The tree*).
//
//   there --remove_mailbox: one commit--> leaving --finish_removal: pieces--> gone
//
// Leaving is gone for everybody; a crash leaves a leaving mailbox, which the next sweep finishes.
#include "mailbox/impl.h"
#include "mailbox/tree.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kPagesPiece = 32;  // in one batch: up to 8,192 rows, some 200 KB

TreeCode leave_at(AtTurn& at, MailboxId id, WallTime now) {
  const MailboxHead* mailbox = at.mailboxes().find(id);
  if (!mailbox) return TreeCode::no_mailbox;
  // RFC 3501 §6.3.4: "It is an error to attempt to delete INBOX"
  if (id == kInbox) return TreeCode::not_allowed;
  ModSeq mod_seq = at.next_mod_seq();
  About about = *mailbox->about;
  AccountNumbers& account = at.numbers();
  account.messages -= mailbox->numbers.messages;
  account.octets -= mailbox->numbers.octets;
  account.retained_messages += mailbox->numbers.messages;
  account.retained_octets += mailbox->numbers.octets;
  account.vacated_uid_validity = std::max(account.vacated_uid_validity, about.uid_validity);
  if (about.subscribed)
    at.turn.put(keys::subscription(at.account(), about.name), encode_subscription());
  about.subscribed = false;
  about.removed = mod_seq;
  about.removed_at = now;
  at.turn.put(keys::about(at.account(), id), encode(about));
  at.turn.erase(keys::numbers(at.account(), id));
  at.mailboxes().erase(id);
  auto news = std::make_shared<News>();
  news->account = at.account();
  news->mailbox = id;
  news->mod_seq = mod_seq;
  news->removed = true;
  at.publish(std::move(news));
  at.publish_tree(std::make_shared<News>());
  return TreeCode::ok;
}

// A batch for the next pages, or for the rest if there are none. nothing: all is done.
Task<Result<std::optional<store::Batch>>> removal_piece(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account, MailboxId mailbox) {
  std::string about_key = keys::about(account, mailbox);
  auto got = co_await snapshot->get(about_key);
  CO_TRY(auto value, std::move(got));
  std::optional<store::Batch> batch;
  if (!value) co_return std::move(batch);
  CO_TRY(auto about, decode_about(*value));
  if (!about.leaving()) co_return std::move(batch);
  auto range = keys::all_states(account, mailbox);
  auto scanned = co_await snapshot->scan(range, kPagesPiece);
  CO_TRY(auto pages, std::move(scanned));
  batch.emplace();
  batch->touch(partition_of(account)).require_value(about_key, store::digest_of(*value));
  if (pages.empty()) {
    batch->erase(std::move(about_key)).erase_range(keys::all_gone(account, mailbox));
    co_return std::move(batch);
  }
  for (auto& [key, octets] : pages) {
    if (!keys::is(key, keys::Kind::state)) co_return corrupt("a page's key is malformed");
    std::uint32_t number = keys::page_of(key);
    CO_TRY(auto page, fold_page(number, octets));
    PageBuilder rows(*page);
    batch->require_value(key, store::digest_of(octets));
    if (page->rows() > 0)
      batch->put(keys::expunged(account, about.removed_at, about.removed, number),
                 encode_expunged(mailbox, about.keywords, rows));
    batch->erase(std::move(key));
  }
  co_return std::move(batch);
}

}  // namespace

Task<Result<>> Mailboxes::Impl::finish_removal(AccountId account, MailboxId mailbox) {
  for (int refused = 0; refused < kAttemptsMax;) {
    auto pieced = co_await removal_piece(store.snapshot(), account, mailbox);
    if (!pieced && pieced.error().is(Error::Kind::stale)) {
      ++refused;
      continue;
    }
    CO_TRY(auto batch, std::move(pieced));
    if (!batch) co_return Result<>{};
    auto result = co_await store.commit(std::move(*batch));
    CO_TRY(auto committed, std::move(result));
    if (!committed.ok()) ++refused;  // somebody else is finishing it too
    co_await runtime::yield();
  }
  co_return fail(Error::Kind::unavailable, "a removed mailbox changes too fast");
}

Task<Result<TreeCode>> Mailboxes::remove_mailbox(AccountId account, MailboxId mailbox,
                                                 WallTime now) {
  auto committed = co_await impl_->commit_at(
      account, [mailbox, now](AtTurn& at) { return code_of(leave_at(at, mailbox, now)); });
  CO_TRY(int code, std::move(committed));
  if (code != store::kAccept) co_return tree_code_of(code);
  // It is removed; what fails from here on is done by the next sweep.
  auto finished = co_await impl_->finish_removal(account, mailbox);
  (void)finished;
  co_return TreeCode::ok;
}

}  // namespace posta::mailbox
