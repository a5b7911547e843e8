// impl.h: the inside of Mailboxes, shared by this room's files:
//
//   mailbox.cc    load, use                                 (reading)
//   open.cc       open, select, finish                      (views)
//   status.cc     list, status, open_since, find, gone_since (reading records alone)
//   email.cc      email, emails, read                       (reading e-mails)
//   append.cc     append_at_turn, append, find_thread       (delivery)
//   recent.cc     claim_recent
//   change.cc     store, store_flags, expunge, copy, move   (plan from a view, settle at turn)
//   tree.cc       create, rename, subscribe                 (names)
//   removal.cc    remove_mailbox
//   undelete.cc   expunged, undelete
//   sweep.cc      sweep_expunged
//   account.cc    prepare_create, remove                    (account life)
//   renumber.cc   renumber                                  (after a restore)
#pragma once

#include "mailbox/feed.h"
#include "mailbox/head.h"
#include "mailbox/keys.h"
#include "mailbox/mailbox.h"
#include "mailbox/names.h"
#include "mailbox/plan.h"
#include "mailbox/records.h"
#include "mailbox/view.h"

namespace posta::mailbox {

// How often a commit is tried again that was refused because something came between.
inline constexpr int kAttemptsMax = 1000;

// Whoever loads a view tells the feed how it ended, even if the task is dropped on its way.
class Loading {
 public:
  Loading(std::shared_ptr<Feed> feed, Feed::Key key, std::uint64_t ticket)
      : feed_(std::move(feed)), key_(key), ticket_(ticket) {}
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;
  ~Loading() {
    if (feed_) feed_->failed(key_, ticket_);
  }
  void done(std::shared_ptr<const PageView> view) {
    feed_->loaded(key_, ticket_, std::move(view));
    feed_.reset();
  }
  Feed::Key key() const { return key_; }

 private:
  std::shared_ptr<Feed> feed_;
  Feed::Key key_;
  std::uint64_t ticket_;
};

struct Mailboxes::Impl {
  Impl(store::Store& s, Limits l)
      : store(s), limits(l), feed(std::make_shared<Feed>(l.view_cache_octets_max)) {}

  store::Store& store;
  const Limits limits;
  std::shared_ptr<Feed> feed;  // the store's subscriber holds it too
  std::shared_ptr<NamesCache> names_cache = std::make_shared<NamesCache>();

  Task<Result<>> load(AccountId account);
  Task<Result<std::shared_ptr<const PageView>>> open(AccountId account, MailboxId mailbox);
  // The view that is in memory, or the duty to read it.
  Task<std::unique_ptr<Loading>> look(Feed::Key key, std::shared_ptr<const PageView>& view);

  // Commits one turn of the account, loading its head as often as it takes. The turn's own code.
  Task<Result<int>> commit(AccountId account,
                           std::shared_ptr<std::function<int(store::Turn&)>> turn);
  // The same with an AtTurn of the account; kNoMailbox if that is being removed.
  Task<Result<int>> commit_at(AccountId account, std::function<int(AtTurn&)> change);

  // Plans and settles until nothing comes between. If the plan has nothing to do, nothing was
  // committed.
  struct Changed {
    int code = store::kAccept;
    std::shared_ptr<const Plan> plan;  // unless refused
  };
  Task<Result<Changed>> change(Wanted wanted);
  Task<Result<std::vector<Uid>>> expunge(Wanted wanted);
  Task<Result<std::pair<CopyCode, Copied>>> copy_or_move(Wanted wanted);

  // The account's names of mailboxes, shared and kept.
  Task<Result<std::shared_ptr<const Names>>> names(AccountId account);
  // Second step of removing a mailbox: its rows become expunged ones, in pieces.
  Task<Result<>> finish_removal(AccountId account, MailboxId mailbox);
  // Erases the oldest `records` of what gone_since knows.
  Task<Result<>> trim_gone(AccountId account, MailboxId mailbox, std::size_t records);
  Task<Result<>> tidy(AccountId account);  // both of these, where it is time
};

// A reading whose snapshot expired begins anew, so often.
inline constexpr int kSnapshotsMax = 4;

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
// Everything of one e-mail but its places.
void erase_email(store::Batch& batch, AccountId account, const EmailRecord& record);
// The records of a mailbox. nothing: there is none.
struct StatusRecords {
  About about;
  Numbers numbers;
};
Task<Result<std::optional<StatusRecords>>> read_status(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account, MailboxId mailbox);
// Mailboxes whose removal has begun.
Task<Result<std::vector<MailboxId>>> leaving_mailboxes(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account);
// What the records say.
Status status_of(MailboxId id, const About& about, const Numbers& numbers,
                 std::uint32_t first_unseen);
// A mailbox as a snapshot has it; null: none.
Task<Result<std::shared_ptr<const PageView>>> read_view(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account, MailboxId mailbox);

}  // namespace posta::mailbox
