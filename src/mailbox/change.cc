// change.cc: flags, expunges, copies and moves: planned on the view, settled at the account's turn
// (plan.h).
#include <algorithm>

#include "mailbox/impl.h"
#include "mailbox/plan.h"
#include "runtime/worker.h"

namespace posta::mailbox {

namespace {

// Plans for more messages than these are made by a worker: they take longer than a loop may be
// held.
constexpr std::size_t kPlanInlineMax = 4096;

void sort_uids(std::vector<Uid>& uids) {
  if (!std::ranges::is_sorted(uids)) std::ranges::sort(uids);
  uids.erase(std::ranges::unique(uids).begin(), uids.end());
}

bool knows_keywords(const MailboxRecord& record, std::uint64_t keywords) {
  std::size_t known = record.keywords.size();
  return known >= 64 || keywords >> known == 0;
}

Task<std::shared_ptr<Plan>> plan_somewhere(std::shared_ptr<const Wanted> wanted, FlagChange flags,
                                           std::shared_ptr<const PageView> view) {
  auto make = [&] { return std::make_shared<Plan>(make_plan(*wanted, flags, std::move(view))); };
  std::size_t count = wanted->all ? view->count() : wanted->uids.size();
  if (count > kPlanInlineMax) {
    auto made = co_await runtime::on_worker(make);
    if (made) co_return std::move(*made);
  }
  co_return make();
}

}  // namespace

Task<Result<Mailboxes::Impl::Changed>> Mailboxes::Impl::change(Wanted asked) {
  asked.keywords_max = limits.keywords_max;
  sort_uids(asked.uids);
  auto wanted = std::make_shared<const Wanted>(std::move(asked));
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto opened = co_await open(wanted->account, wanted->mailbox);
    CO_TRY(auto view, std::move(opened));
    if (!view) co_return Changed{kNoMailbox, nullptr};
    std::shared_ptr<const About> about = view->about();
    auto flags = choose_flags(*wanted, about);
    if (!flags) co_return Changed{kTooManyKeywords, nullptr};
    auto plan = co_await plan_somewhere(wanted, *flags, std::move(view));
    if (wanted->whole && plan->copied.size() < wanted->uids.size())
      co_return Changed{kMissing, nullptr};
    if (plan->pages.empty() && !wanted->prepare) co_return Changed{store::kAccept, plan};
    auto turn = std::make_shared<std::function<int(store::Turn&)>>(
        [wanted, plan](store::Turn& t) { return settle(t, *wanted, *plan); });
    auto committed = co_await commit(wanted->account, std::move(turn));
    CO_TRY(int code, std::move(committed));
    if (code != kStale) co_return Changed{code, plan};
  }
  co_return fail(Error::Kind::unavailable, "the mailbox changes too fast");
}

Task<Result<>> Mailboxes::store_flags(AccountId account, MailboxId mailbox, std::vector<Uid> uids,
                                      FlagMode mode, Flags flags) {
  if (mode != FlagMode::remove && flags.keywords != 0) {
    auto opened = co_await impl_->open(account, mailbox);
    CO_TRY(auto view, std::move(opened));
    if (view && !knows_keywords(view->record(), flags.keywords))
      co_return fail(Error::Kind::syntax, "no such keyword in the mailbox");
  }
  Wanted wanted;
  wanted.account = account;
  wanted.mailbox = mailbox;
  wanted.uids = std::move(uids);
  wanted.mode = static_cast<FlagsWanted::Mode>(mode);
  wanted.change = flags;
  auto changed = co_await impl_->change(std::move(wanted));
  CO_TRY(auto done, std::move(changed));
  if (done.code == kNoMailbox) co_return fail(Error::Kind::not_found, "no such mailbox");
  co_return Result<>{};
}

Task<Result<FlagsStored>> Mailboxes::store(AccountId account, MailboxId mailbox,
                                           FlagsWanted asked) {
  Wanted wanted;
  wanted.account = account;
  wanted.mailbox = mailbox;
  wanted.uids = std::move(asked.uids);
  wanted.mode = asked.mode;
  wanted.change.system = asked.system;
  wanted.keywords = std::move(asked.keywords);
  wanted.unchanged_since = asked.unchanged_since;
  auto changed = co_await impl_->change(std::move(wanted));
  CO_TRY(auto done, std::move(changed));
  FlagsStored stored;
  if (done.code == kNoMailbox) stored.code = FlagsStored::Code::no_mailbox;
  if (done.code == kTooManyKeywords) stored.code = FlagsStored::Code::too_many_keywords;
  if (done.code != store::kAccept) co_return stored;
  stored.mod_seq = done.plan->news->mod_seq;
  stored.modified = done.plan->modified;
  co_return stored;
}

Task<Result<std::vector<Uid>>> Mailboxes::Impl::expunge(Wanted wanted) {
  wanted.kind = Wanted::Kind::expunge;
  auto changed = co_await change(std::move(wanted));
  CO_TRY(auto done, std::move(changed));
  if (done.code == kNoMailbox) co_return fail(Error::Kind::not_found, "no such mailbox");
  co_return done.plan->news->expunged;
}

namespace {

Wanted gone_by(AccountId account, MailboxId mailbox, std::vector<Uid> uids, WallTime now) {
  Wanted wanted;
  wanted.account = account;
  wanted.mailbox = mailbox;
  wanted.uids = std::move(uids);
  wanted.now = now;
  return wanted;
}

}  // namespace

Task<Result<std::vector<Uid>>> Mailboxes::expunge(AccountId account, MailboxId mailbox,
                                                  std::vector<Uid> uids, WallTime now) {
  co_return co_await impl_->expunge(gone_by(account, mailbox, std::move(uids), now));
}

Task<Result<std::vector<Uid>>> Mailboxes::expunge_deleted(AccountId account, MailboxId mailbox,
                                                          std::vector<Uid> uids, WallTime now) {
  Wanted wanted = gone_by(account, mailbox, std::move(uids), now);
  wanted.deleted_only = true;
  co_return co_await impl_->expunge(std::move(wanted));
}

// ------------------------------------------------------------------------------------------------
// copies

namespace {

CopyCode copy_code(int code) {
  switch (code) {
    case store::kAccept: return CopyCode::ok;
    case kNoMailbox: return CopyCode::no_source;
    case kNoTarget: return CopyCode::no_target;
    case kOverQuota: return CopyCode::over_quota;
    case kMissing: return CopyCode::missing;
    default: break;
  }
  CHECK(!"a turn said what it may not say");
  return CopyCode::ok;
}

}  // namespace

Task<Result<std::pair<CopyCode, Copied>>> Mailboxes::Impl::copy_or_move(Wanted wanted) {
  AccountId account = wanted.account;
  MailboxId to = wanted.target;
  auto changed = co_await change(std::move(wanted));
  CO_TRY(auto done, std::move(changed));
  Copied copied;
  if (done.code != store::kAccept) co_return std::pair(copy_code(done.code), std::move(copied));
  copied.uid_validity = done.plan->target_validity;
  if (done.plan->copied.empty()) {  // then there was no turn to see the target
    auto read = co_await read_status(store.snapshot(), account, to);
    CO_TRY(auto target, std::move(read));
    if (!target) co_return std::pair(CopyCode::no_target, std::move(copied));
    copied.uid_validity = target->about.uid_validity;
  }
  copied.from.reserve(done.plan->copied.size());
  for (const auto& state : done.plan->copied) copied.from.push_back(state.uid);
  copied.to = done.plan->copied_to;
  co_return std::pair(CopyCode::ok, std::move(copied));
}

Task<Result<std::pair<CopyCode, Copied>>> Mailboxes::copy(AccountId account, MailboxId from,
                                                          std::vector<Uid> uids, MailboxId to,
                                                          Use quota, Gone gone, WallTime now) {
  Wanted wanted;
  wanted.account = account;
  wanted.mailbox = from;
  wanted.kind = Wanted::Kind::copy;
  wanted.uids = std::move(uids);
  wanted.target = to;
  wanted.quota = quota;
  wanted.whole = gone == Gone::refused;
  wanted.now = now;
  co_return co_await impl_->copy_or_move(std::move(wanted));
}

Task<Result<std::pair<CopyCode, Copied>>> Mailboxes::move(AccountId account, MailboxId from,
                                                          std::vector<Uid> uids, MailboxId to,
                                                          Gone gone, WallTime now) {
  Wanted wanted;
  wanted.account = account;
  wanted.mailbox = from;
  wanted.kind = Wanted::Kind::move;
  wanted.whole = gone == Gone::refused;
  wanted.uids = std::move(uids);
  wanted.target = to;
  wanted.now = now;
  co_return co_await impl_->copy_or_move(std::move(wanted));
}

}  // namespace posta::mailbox
