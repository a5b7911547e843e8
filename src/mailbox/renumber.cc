// renumber.cc: an account that came back from a backup.
#include <algorithm>
#include <limits>

#include "mailbox/at_turn.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kPiece = 64;                // pages
constexpr std::uint32_t kUidsSkipped = 1u << 20;  // of each mailbox
constexpr std::uint64_t kIdsSkipped = 1u << 20;   // of e-mails and threads
constexpr std::uint64_t kMailboxesSkipped = 1u << 10;
constexpr std::uint64_t kModSeqsSkipped = std::uint64_t{1} << 32;

// Uids end at 2^32 - 1: near there fewer are skipped.
Uid later(Uid uid) {
  std::uint32_t left = std::numeric_limits<std::uint32_t>::max() - uid.value;
  return Uid(uid.value + std::min(kUidsSkipped, left / 2));
}

// The pages of a mailbox with `mod_seq` for every message.
Task<Result<>> mark_pages(std::shared_ptr<const store::Snapshot> snapshot, AccountId account,
                          MailboxId mailbox, ModSeq mod_seq, store::Batch& batch) {
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::state)) return corrupt("a page's key is malformed");
    TRY(auto page, fold_page(keys::page_of(key), octets));
    if (page->rows() == 0) return {};
    PageBuilder builder(*page);
    for (std::uint32_t row = 0; row < page->rows(); ++row)
      builder.set_flags(page->low(row), page->flags(row), mod_seq);
    batch.put(std::string(key), builder.encode_base());
    return {};
  };
  auto range = keys::all_states(account, mailbox);
  co_return co_await scan_all(std::move(snapshot), std::move(range), kPiece, take);
}

// What was expunged since, and what before, is not known any more: as if all had changed now.
int settle_mailbox(store::Turn& turn, AccountId account, MailboxId mailbox, ModSeq mod_seq) {
  auto before = head_of(turn);
  if (!before) return store::kNoHead;
  const MailboxHead* there = before->mailboxes.find(mailbox);
  if (!there) return kNoMailbox;
  AtTurn at(turn, account, *before);
  MailboxHead changed = *there;
  Numbers& numbers = changed.numbers;
  numbers.uid_next = later(numbers.uid_next);
  numbers.mod_seq = numbers.state_seq = numbers.gone_horizon = mod_seq;
  numbers.gone_records = 0;
  changed.recent.reset();
  at.put(std::move(changed));
  at.numbers().mod_seq = std::max(at.numbers().mod_seq, mod_seq);
  return at.accept();
}

int settle_account(store::Turn& turn, AccountId account, ModSeq mod_seq) {
  auto before = head_of(turn);
  if (!before) return store::kNoHead;
  AtTurn at(turn, account, *before);
  AccountNumbers& numbers = at.numbers();
  numbers.next_email = EmailId(numbers.next_email.value + kIdsSkipped);
  numbers.next_thread = ThreadId(numbers.next_thread.value + kIdsSkipped);
  numbers.next_mailbox = MailboxId(numbers.next_mailbox.value + kMailboxesSkipped);
  numbers.mod_seq = std::max(numbers.mod_seq, mod_seq);
  return at.accept();
}

}  // namespace

Task<Result<>> Mailboxes::renumber(AccountId account) {
  auto snapshot = impl_->store.snapshot();
  auto read = co_await read_head(snapshot, account);
  CO_TRY(auto head, std::move(read));
  const ModSeq mod_seq(head->numbers.mod_seq.value + kModSeqsSkipped);
  std::vector<MailboxId> ids;
  head->mailboxes.each([&](const MailboxHead& mailbox) { ids.push_back(mailbox.id); });
  for (MailboxId id : ids) {
    store::Batch batch;
    CO_TRY_VOID(co_await mark_pages(snapshot, account, id, mod_seq, batch));
    batch.erase_range(keys::all_gone(account, id));
    CO_TRY_VOID(co_await impl_->load(account));
    batch.at_turn(partition_of(account),
                  [=](store::Turn& turn) { return settle_mailbox(turn, account, id, mod_seq); });
    auto result = co_await impl_->store.commit(std::move(batch));
    CO_TRY(auto committed, std::move(result));
    if (!committed.ok()) co_return fail(Error::Kind::conflict, "the account is in use");
  }
  store::Batch batch;
  CO_TRY_VOID(co_await impl_->load(account));
  batch.at_turn(partition_of(account),
                [=](store::Turn& turn) { return settle_account(turn, account, mod_seq); });
  auto result = co_await impl_->store.commit(std::move(batch));
  CO_TRY(auto committed, std::move(result));
  if (!committed.ok()) co_return fail(Error::Kind::conflict, "the account is in use");
  co_return Result<>{};
}

}  // namespace posta::mailbox
