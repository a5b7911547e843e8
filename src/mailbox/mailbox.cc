// mailbox.cc: reading. What changes things is in append.cc, change.cc and account.cc.
#include "mailbox/mailbox.h"

#include <algorithm>

#include "base/check.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kRecordsPiece = 1024;  // small records in one scan

}  // namespace

Mailboxes::Mailboxes(store::Store& store, Limits limits)
    : impl_(std::make_unique<Impl>(store, limits)) {
  store.subscribe(
      [feed = impl_->feed, names = impl_->names_cache](
          std::string_view topic, const std::shared_ptr<const void>& what, store::Version) {
        if (topic != kTopic) return;
        auto news = std::static_pointer_cast<const News>(what);
        if (!news->mailbox) names->drop(news->account);
        feed->publish(news);
      });
}

Mailboxes::~Mailboxes() = default;

const Limits& Mailboxes::limits() const {
  return impl_->limits;
}

std::shared_ptr<void> Mailboxes::watch(AccountId account, Wake wake) {
  return impl_->feed->watch(account, std::move(wake));
}

// ----------------------------------------------------------------------------------------------
// heads

Task<Result<std::shared_ptr<const AccountHead>>> read_head(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account) {
  auto got = co_await snapshot->get(keys::account(account));
  CO_TRY(auto value, std::move(got));
  if (!value) co_return fail(Error::Kind::not_found, "no such account");
  auto head = std::make_shared<AccountHead>();
  CO_TRY(head->numbers, decode_account(*value));
  if (head->numbers.closed) co_return fail(Error::Kind::not_found, "the account is being removed");

  std::vector<std::pair<MailboxId, std::shared_ptr<const About>>> abouts;
  auto take_about = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::about)) return corrupt("a mailbox's key is malformed");
    TRY(auto about, decode_about(octets));
    if (about.leaving()) return {};
    abouts.emplace_back(keys::mailbox_of(key), std::make_shared<const About>(std::move(about)));
    return {};
  };
  auto about_range = keys::all(account, keys::Kind::about);
  CO_TRY_VOID(co_await scan_all(snapshot, std::move(about_range), kRecordsPiece, take_about));

  std::size_t next = 0;
  auto take_numbers = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::numbers) || next >= abouts.size() ||
        abouts[next].first != keys::mailbox_of(key))
      return corrupt("a mailbox has one of its two records only");
    TRY(auto numbers, decode_numbers(octets));
    head->mailboxes.put({abouts[next].first, abouts[next].second, numbers, nullptr});
    ++next;
    return {};
  };
  auto numbers_range = keys::all(account, keys::Kind::numbers);
  CO_TRY_VOID(co_await scan_all(snapshot, std::move(numbers_range), kRecordsPiece, take_numbers));
  if (next != abouts.size()) co_return corrupt("a mailbox has one of its two records only");
  co_return std::shared_ptr<const AccountHead>(std::move(head));
}

Task<Result<>> Mailboxes::Impl::load(AccountId account) {
  for (int attempt = 0; attempt < kSnapshotsMax; ++attempt) {
    if (store.has_head(partition_of(account))) co_return Result<>{};
    auto snapshot = store.snapshot();
    auto read = co_await read_head(snapshot, account);
    if (!read && read.error().is(Error::Kind::stale)) continue;
    CO_TRY(auto head, std::move(read));
    store.offer_head(partition_of(account), std::move(head), snapshot->version());
  }
  co_return Result<>{};  // somebody is faster than we; the turn will say if there is no head
}

Task<Result<>> Mailboxes::load(AccountId account) {
  return impl_->load(account);
}

Task<Result<int>> Mailboxes::Impl::commit(AccountId account,
                                          std::shared_ptr<std::function<int(store::Turn&)>> turn) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    CO_TRY_VOID(co_await load(account));
    store::Batch batch;
    batch.at_turn(partition_of(account), [turn](store::Turn& t) { return (*turn)(t); });
    auto result = co_await store.commit(std::move(batch));
    CO_TRY(auto committed, std::move(result));
    if (committed.ok()) co_return store::kAccept;
    if (committed.refused->why == store::Refusal::Why::turn) co_return committed.refused->code;
  }
  co_return fail(Error::Kind::unavailable, "the account could not be loaded");
}

Task<Result<int>> Mailboxes::Impl::commit_at(AccountId account,
                                             std::function<int(AtTurn&)> change) {
  auto turn = std::make_shared<std::function<int(store::Turn&)>>(
      [account, change = std::move(change)](store::Turn& t) {
        auto before = head_of(t);
        if (!before) return store::kNoHead;
        if (before->numbers.closed) return kNoMailbox;
        AtTurn at(t, account, *before);
        int code = change(at);
        return code == store::kAccept ? at.accept() : code;
      });
  co_return co_await commit(account, std::move(turn));
}

Task<Result<Use>> Mailboxes::use(AccountId account) {
  auto got = co_await impl_->store.snapshot()->get(keys::account(account));
  CO_TRY(auto value, std::move(got));
  if (!value) co_return fail(Error::Kind::not_found, "no such account");
  CO_TRY(auto numbers, decode_account(*value));
  if (numbers.closed) co_return fail(Error::Kind::not_found, "the account is being removed");
  co_return Use{numbers.octets, numbers.messages};
}

}  // namespace posta::mailbox
