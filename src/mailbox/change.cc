// change.cc: flags and expunges: planned on the view, settled at the account's turn (plan.h).
#include <algorithm>

#include "mailbox/impl.h"
#include "mailbox/plan.h"

namespace posta::mailbox {

namespace {

constexpr Flags kAllFlags{0x1F, ~std::uint64_t{0}};

FlagChange flag_change(Mailboxes::FlagMode mode, Flags flags) {
  flags.system &= kAllFlags.system;
  switch (mode) {
    case Mailboxes::FlagMode::add: return {.cleared = {}, .set = flags};
    case Mailboxes::FlagMode::remove: return {.cleared = flags, .set = {}};
    case Mailboxes::FlagMode::replace: return {.cleared = kAllFlags, .set = flags};
  }
  return {};
}

void sort_uids(std::vector<Uid>& uids) {
  if (!std::ranges::is_sorted(uids)) std::ranges::sort(uids);
  uids.erase(std::ranges::unique(uids).begin(), uids.end());
}

bool knows_keywords(const MailboxRecord& record, std::uint64_t keywords) {
  std::size_t known = record.keywords.size();
  return known >= 64 || keywords >> known == 0;
}

}  // namespace

Task<Result<std::shared_ptr<const News>>> Mailboxes::Impl::change(Wanted asked) {
  auto wanted = std::make_shared<Wanted>(std::move(asked));
  sort_uids(wanted->uids);
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto opened = co_await open(wanted->account, wanted->mailbox);
    CO_TRY(auto view, std::move(opened));
    if (!view) co_return fail(Error::Kind::not_found, "no such mailbox");
    if (!knows_keywords(view->record(), wanted->flags.set.keywords))
      co_return fail(Error::Kind::syntax, "no such keyword in the mailbox");
    auto plan = std::make_shared<Plan>(make_plan(*wanted, std::move(view)));
    if (plan->pages.empty()) co_return std::shared_ptr<const News>();
    auto turn = std::make_shared<std::function<int(store::Turn&)>>(
        [wanted, plan](store::Turn& t) { return settle(t, *wanted, *plan); });
    auto committed = co_await commit(wanted->account, std::move(turn));
    CO_TRY(int code, std::move(committed));
    if (code == kNoMailbox) co_return fail(Error::Kind::not_found, "no such mailbox");
    if (code != store::kAccept) continue;
    if (plan->pages.empty()) co_return std::shared_ptr<const News>();
    co_return std::shared_ptr<const News>(plan->news);
  }
  co_return fail(Error::Kind::unavailable, "the mailbox changes too fast");
}

Task<Result<>> Mailboxes::store_flags(AccountId account, MailboxId mailbox, std::vector<Uid> uids,
                                      FlagMode mode, Flags flags) {
  Wanted wanted;
  wanted.account = account;
  wanted.mailbox = mailbox;
  wanted.uids = std::move(uids);
  wanted.flags = flag_change(mode, flags);
  auto changed = co_await impl_->change(std::move(wanted));
  CO_TRY(auto news, std::move(changed));
  co_return Result<>{};
}

Task<Result<std::vector<Uid>>> Mailboxes::expunge(AccountId account, MailboxId mailbox,
                                                  std::vector<Uid> uids, WallTime now) {
  Wanted wanted;
  wanted.account = account;
  wanted.mailbox = mailbox;
  wanted.uids = std::move(uids);
  wanted.expunge = true;
  wanted.now = now;
  auto changed = co_await impl_->change(std::move(wanted));
  CO_TRY(auto news, std::move(changed));
  if (!news) co_return std::vector<Uid>();
  co_return news->expunged;
}

}  // namespace posta::mailbox
