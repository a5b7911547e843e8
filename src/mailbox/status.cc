// status.cc: what is known of mailboxes without reading a page.
#include <algorithm>
#include <set>

#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kPiece = 1024;  // small records in one scan

// Calls `read` with new snapshots until one does not expire on its way.
template <class F>
auto with_snapshot(store::Store& store, F read) -> decltype(read(store.snapshot())) {
  for (int attempt = 1;; ++attempt) {
    auto done = co_await read(store.snapshot());
    if (done || !done.error().is(Error::Kind::stale) || attempt == kSnapshotsMax) co_return done;
  }
}

Task<Result<std::set<std::string, std::less<>>>> read_subscriptions(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account) {
  std::set<std::string, std::less<>> names;
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::subscription))
      return corrupt("a subscription's key is malformed");
    TRY_VOID(decode_subscription(octets));
    names.emplace_hint(names.end(), keys::name_of(key));
    return {};
  };
  auto range = keys::all(account, keys::Kind::subscription);
  CO_TRY_VOID(co_await scan_all(snapshot, std::move(range), kPiece, take));
  co_return names;
}

// All `b` records, those of removals that have begun too.
template <class F>
Task<Result<>> each_about(std::shared_ptr<const store::Snapshot> snapshot, AccountId account,
                          F each) {
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::about)) return corrupt("a mailbox's key is malformed");
    TRY(auto about, decode_about(octets));
    each(keys::mailbox_of(key), std::move(about));
    return {};
  };
  auto range = keys::all(account, keys::Kind::about);
  co_return co_await scan_all(snapshot, std::move(range), kPiece, take);
}

Task<Result<std::vector<MailboxRecord>>> read_list(std::shared_ptr<const store::Snapshot> snapshot,
                                                   AccountId account) {
  auto read = co_await read_head(snapshot, account);
  CO_TRY(auto head, std::move(read));
  auto subscribed = co_await read_subscriptions(snapshot, account);
  CO_TRY(auto names, std::move(subscribed));
  std::vector<MailboxRecord> records;
  records.reserve(head->mailboxes.size());
  head->mailboxes.each([&](const MailboxHead& m) {
    records.push_back(record_of(m.id, *m.about, m.numbers));
    if (names.contains(m.about->name)) records.back().subscribed = true;
  });
  co_return records;
}

Task<Result<std::vector<std::string>>> read_subscribed_names(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account) {
  auto read = co_await read_subscriptions(snapshot, account);
  CO_TRY(auto names, std::move(read));
  auto add = [&](MailboxId, About about) {
    if (about.subscribed && !about.leaving()) names.insert(std::move(about.name));
  };
  CO_TRY_VOID(co_await each_about(snapshot, account, add));
  co_return std::vector<std::string>(names.begin(), names.end());
}

Task<Result<std::vector<Uid>>> read_gone(std::shared_ptr<const store::Snapshot> snapshot,
                                         AccountId account, MailboxId mailbox, ModSeq since) {
  std::vector<Uid> uids;
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::gone)) return corrupt("a key of expunged uids is malformed");
    TRY(auto ranges, decode_gone(octets));
    for (const auto& range : ranges)
      for (std::uint32_t i = 0; i < range.count; ++i) uids.emplace_back(range.first.value + i);
    return {};
  };
  auto range = keys::gone_after(account, mailbox, since);
  CO_TRY_VOID(co_await scan_all(snapshot, std::move(range), kPiece, take));
  std::ranges::sort(uids);
  co_return uids;
}

}  // namespace

Task<Result<std::vector<MailboxRecord>>> Mailboxes::list(AccountId account) {
  auto read = [account](auto snapshot) { return read_list(std::move(snapshot), account); };
  co_return co_await with_snapshot(impl_->store, read);
}

Task<Result<std::vector<std::string>>> Mailboxes::subscriptions(AccountId account) {
  auto read = [account](auto snapshot) {
    return read_subscribed_names(std::move(snapshot), account);
  };
  co_return co_await with_snapshot(impl_->store, read);
}

Task<Result<std::vector<MailboxId>>> leaving_mailboxes(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account) {
  std::vector<MailboxId> leaving;
  auto add = [&](MailboxId id, About about) {
    if (about.leaving()) leaving.push_back(id);
  };
  CO_TRY_VOID(co_await each_about(snapshot, account, add));
  co_return leaving;
}

// ------------------------------------------------------------------------------------------------
// one mailbox

Status status_of(MailboxId id, const About& about, const Numbers& numbers,
                 std::uint32_t first_unseen) {
  Status status{record_of(id, about, numbers), numbers.recent, 0};
  if (numbers.unseen != 0) status.first_unseen = first_unseen;
  return status;
}

Task<Result<std::optional<StatusRecords>>> read_status(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account, MailboxId mailbox) {
  std::vector<std::string> wanted;
  wanted.push_back(keys::about(account, mailbox));
  wanted.push_back(keys::numbers(account, mailbox));
  wanted.push_back(keys::account(account));
  auto got = co_await snapshot->multi_get(std::move(wanted));
  CO_TRY(auto values, std::move(got));
  std::optional<StatusRecords> records;
  if (!values[0] || !values[1] || !values[2]) co_return records;
  CO_TRY(auto about, decode_about(*values[0]));
  CO_TRY(auto numbers, decode_numbers(*values[1]));
  CO_TRY(auto owner, decode_account(*values[2]));
  if (!owner.closed && !about.leaving()) records.emplace(StatusRecords{std::move(about), numbers});
  co_return records;
}

Task<Result<std::optional<Status>>> Mailboxes::status(AccountId account, MailboxId mailbox) {
  auto read = co_await read_status(impl_->store.snapshot(), account, mailbox);
  CO_TRY(auto records, std::move(read));
  if (!records) co_return std::optional<Status>();
  const Numbers& numbers = records->numbers;
  if (numbers.unseen == 0 || numbers.first_unseen != 0)
    co_return status_of(mailbox, records->about, numbers, numbers.first_unseen);
  // Not written down: the messages say it.
  auto opened = co_await impl_->open(account, mailbox);
  CO_TRY(auto view, std::move(opened));
  if (!view) co_return std::optional<Status>();
  co_return status_of(mailbox, *view->about(), view->numbers(), view->first_unseen());
}

Task<Result<std::optional<std::vector<Uid>>>> Mailboxes::gone_since(AccountId account,
                                                                    MailboxId mailbox,
                                                                    ModSeq since) {
  auto snapshot = impl_->store.snapshot();
  auto read = co_await read_status(snapshot, account, mailbox);
  CO_TRY(auto records, std::move(read));
  if (!records || since < records->numbers.gone_horizon)
    co_return std::optional<std::vector<Uid>>();
  auto gone = co_await read_gone(snapshot, account, mailbox, since);
  CO_TRY(auto uids, std::move(gone));
  co_return std::optional(std::move(uids));
}

Task<Result<std::optional<Mailboxes::Opened>>> Mailboxes::open_since(AccountId account,
                                                                     MailboxId mailbox,
                                                                     Status status) {
  std::optional<Opened> nothing;
  std::shared_ptr<const PageView> view;
  for (;;) {
    auto opened = co_await impl_->open(account, mailbox);
    CO_TRY(view, std::move(opened));
    if (!view) co_return nothing;
    if (view->record().mod_seq >= status.mod_seq) break;
    co_await runtime::yield();  // durable, and about to be published
  }
  Opened opened{view, {}};
  if (view->record().mod_seq == status.mod_seq) co_return opened;

  auto known = co_await gone_since(account, mailbox, status.mod_seq);
  CO_TRY(auto gone, std::move(known));
  if (!gone) co_return nothing;
  // The messages that were announced are those of the view below uid_next, and those gone since.
  Difference& since = opened.since;
  for (Uid uid : *gone) {
    if (uid >= status.uid_next || view->sequence_of(uid)) continue;
    auto before = static_cast<std::uint32_t>(since.expunged_uids.size());
    since.expunged.push_back(view->count_below(uid) + before + 1);
    since.expunged_uids.push_back(uid);
  }
  std::ranges::reverse(since.expunged);
  std::uint32_t left = view->count_below(status.uid_next);
  if (left + since.expunged.size() != status.messages) co_return nothing;
  since.added = view->count() - left;
  view->visit(1, left, [&](std::uint32_t n, const MessageState& state) {
    if (state.mod_seq > status.mod_seq) since.flagged.push_back(n);
  });
  co_return opened;
}

// ------------------------------------------------------------------------------------------------
// names

Task<Result<std::shared_ptr<const Names>>> Mailboxes::Impl::names(AccountId account) {
  if (auto known = names_cache->find(account)) co_return known;
  std::uint64_t epoch = names_cache->epoch();
  auto names = std::make_shared<Names>();
  auto read = [&](std::shared_ptr<const store::Snapshot> snapshot) {
    names->clear();
    auto add = [&names](MailboxId id, About about) {
      if (!about.leaving()) names->emplace(std::move(about.name), id);
    };
    return each_about(std::move(snapshot), account, add);
  };
  CO_TRY_VOID(co_await with_snapshot(store, read));
  names_cache->put(account, epoch, names);
  co_return std::shared_ptr<const Names>(std::move(names));
}

Task<Result<std::optional<MailboxRecord>>> Mailboxes::find(AccountId account, std::string name) {
  std::optional<MailboxRecord> nothing;
  auto canonical = canonical_name(name, impl_->limits);
  if (!canonical) co_return nothing;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto known = co_await impl_->names(account);
    CO_TRY(auto names, std::move(known));
    auto place = names->find(*canonical);
    if (place == names->end()) co_return nothing;
    auto snapshot = impl_->store.snapshot();
    auto read = co_await read_status(snapshot, account, place->second);
    CO_TRY(auto records, std::move(read));
    // Renamed or removed since: durable, and about to be published.
    if (!records || records->about.name != *canonical) {
      co_await runtime::yield();
      continue;
    }
    MailboxRecord record = record_of(place->second, records->about, records->numbers);
    auto got = co_await snapshot->get(keys::subscription(account, *canonical));
    CO_TRY(auto subscribed, std::move(got));
    if (subscribed) record.subscribed = true;
    co_return record;
  }
  co_return fail(Error::Kind::unavailable, "the mailboxes change too fast");
}

}  // namespace posta::mailbox
