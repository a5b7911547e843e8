// impl.h: the inside of Mailboxes, shared by this room's files:
//
//   mailbox.cc    load, list, open, email, read, use        (reading)
//   append.cc     append_at_turn, append, find_thread       (delivery)
//   change.cc     store_flags, expunge                      (plan from a view, settle at turn)
//   account.cc    prepare_create, remove, sweep_expunged    (account life)
#pragma once

#include "mailbox/feed.h"
#include "mailbox/head.h"
#include "mailbox/keys.h"
#include "mailbox/mailbox.h"
#include "mailbox/plan.h"
#include "mailbox/records.h"
#include "mailbox/view.h"

namespace posta::mailbox {

// What this room's turns say when they refuse; append's codes follow kAppendCodes.
inline constexpr int kStale = 1;      // the view was too old: plan again
inline constexpr int kNoMailbox = 2;  // the mailbox or the account is gone
inline constexpr int kAppendCodes = 16;

// How often a commit is tried again that was refused because something came between.
inline constexpr int kAttemptsMax = 1000;

struct Mailboxes::Impl {
  Impl(store::Store& s, Limits l)
      : store(s), limits(l), feed(std::make_shared<Feed>(l.view_cache_octets_max)) {}

  store::Store& store;
  const Limits limits;
  std::shared_ptr<Feed> feed;  // the store's subscriber holds it too

  Task<Result<>> load(AccountId account);
  Task<Result<std::shared_ptr<const PageView>>> open(AccountId account, MailboxId mailbox);

  // Commits one turn of the account, loading its head as often as it takes. The turn's own code.
  Task<Result<int>> commit(AccountId account,
                           std::shared_ptr<std::function<int(store::Turn&)>> turn);

  // Plans and settles until nothing comes between. Null: there was nothing to do.
  Task<Result<std::shared_ptr<const News>>> change(Wanted wanted);
};

// The account's head at a turn; null if there is none.
inline std::shared_ptr<const AccountHead> head_of(const store::Turn& turn) {
  return std::static_pointer_cast<const AccountHead>(turn.head());
}

// All pairs of a range, in pieces; an Error of `each` ends it. Error{stale} if it takes too long.
template <class F>
Task<Result<>> scan_all(std::shared_ptr<const store::Snapshot> snapshot, store::Range range,
                        std::size_t piece, F each) {
  for (;;) {
    auto scanned = co_await snapshot->scan(range, piece);
    CO_TRY(auto pairs, std::move(scanned));
    for (auto& pair : pairs) CO_TRY_VOID(each(pair.key, pair.value));
    if (pairs.size() < piece) co_return Result<>{};
    range.begin = std::move(pairs.back().key);
    range.begin += '\0';
    co_await runtime::yield();
  }
}

// An account as a snapshot has it. Error{not_found}: there is none.
Task<Result<std::shared_ptr<const AccountHead>>> read_head(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account);
// A mailbox as a snapshot has it; null: none.
Task<Result<std::shared_ptr<const PageView>>> read_view(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account, MailboxId mailbox);

}  // namespace posta::mailbox
