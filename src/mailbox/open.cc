// open.cc: mailboxes as views: their pages, read at one moment.
//
//   select --status, at once--> (announced)
//      \--opening--> finish --pages of the same snapshot--> the view that was announced
#include "base/check.h"
#include "mailbox/impl.h"

namespace posta::mailbox {

namespace {

constexpr std::size_t kPagesPiece = 32;  // state pages in one scan: below a millisecond to fold

Task<Result<std::shared_ptr<const PageView>>> read_pages(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account, MailboxId mailbox,
    StatusRecords records) {
  std::vector<std::shared_ptr<const Page>> pages;
  auto take = [&](std::string_view key, std::string_view octets) -> Result<> {
    if (!keys::is(key, keys::Kind::state)) return corrupt("a page's key is malformed");
    TRY(auto page, fold_page(keys::page_of(key), octets));
    pages.push_back(std::move(page));
    return {};
  };
  auto range = keys::all_states(account, mailbox);
  CO_TRY_VOID(co_await scan_all(snapshot, std::move(range), kPagesPiece, take));
  co_return std::make_shared<const PageView>(
      mailbox, std::make_shared<const About>(std::move(records.about)), records.numbers,
      std::move(pages));
}

}  // namespace

Task<Result<std::shared_ptr<const PageView>>> read_view(
    std::shared_ptr<const store::Snapshot> snapshot, AccountId account, MailboxId mailbox) {
  auto read = co_await read_status(snapshot, account, mailbox);
  CO_TRY(auto records, std::move(read));
  if (!records) co_return std::shared_ptr<const PageView>();
  co_return co_await read_pages(std::move(snapshot), account, mailbox, *std::move(records));
}

Task<std::unique_ptr<Loading>> Mailboxes::Impl::look(Feed::Key key,
                                                     std::shared_ptr<const PageView>& view) {
  for (;;) {
    std::uint64_t ticket = 0;
    switch (feed->find(key, view, ticket)) {
      case Feed::Found::view: co_return nullptr;
      case Feed::Found::absent: co_return std::make_unique<Loading>(feed, key, ticket);
      case Feed::Found::loading: co_await feed->wait(key);
    }
  }
}

Task<Result<std::shared_ptr<const PageView>>> Mailboxes::Impl::open(AccountId account,
                                                                    MailboxId mailbox) {
  std::shared_ptr<const PageView> view;
  auto loading = co_await look({account, mailbox}, view);
  if (!loading) co_return view;
  for (int attempt = 1;; ++attempt) {
    // The snapshot is younger than the slot: what it lacks is among the slot's news.
    auto read = co_await read_view(store.snapshot(), account, mailbox);
    if (!read && read.error().is(Error::Kind::stale) && attempt < kSnapshotsMax) continue;
    CO_TRY(view, std::move(read));
    break;
  }
  if (view) loading->done(view);
  co_return view;
}

Task<Result<std::shared_ptr<const View>>> Mailboxes::open(AccountId account, MailboxId mailbox) {
  auto opened = co_await impl_->open(account, mailbox);
  CO_TRY(auto view, std::move(opened));
  co_return std::shared_ptr<const View>(std::move(view));
}

// ----------------------------------------------------------------------------------------------
// what SELECT announces

class Mailboxes::Opening {
 public:
  std::unique_ptr<Loading> loading;
  std::shared_ptr<const store::Snapshot> snapshot;
  StatusRecords records;
};

Task<Result<std::optional<Mailboxes::Selection>>> Mailboxes::select(AccountId account,
                                                                    MailboxId mailbox) {
  std::optional<Selection> selection;
  std::shared_ptr<const PageView> view;
  auto loading = co_await impl_->look({account, mailbox}, view);
  if (loading) {
    auto snapshot = impl_->store.snapshot();
    auto read = co_await read_status(snapshot, account, mailbox);
    CO_TRY(auto records, std::move(read));
    if (!records) co_return selection;
    const Numbers& numbers = records->numbers;
    const bool all_known = numbers.unseen == 0 || numbers.first_unseen != 0;
    Status status = status_of(mailbox, records->about, numbers, numbers.first_unseen);
    auto opening = std::make_shared<Opening>();
    opening->loading = std::move(loading);
    opening->snapshot = std::move(snapshot);
    opening->records = *std::move(records);
    if (all_known) {
      selection.emplace(Selection{std::move(status), nullptr, std::move(opening)});
      co_return selection;
    }
    auto finished = co_await finish(std::move(opening));
    CO_TRY(auto pages, std::move(finished));
    view = std::static_pointer_cast<const PageView>(pages);
  }
  Status status = status_of(mailbox, *view->about(), view->numbers(), view->first_unseen());
  selection.emplace(Selection{std::move(status), std::move(view), nullptr});
  co_return selection;
}

Task<Result<std::shared_ptr<const View>>> Mailboxes::finish(std::shared_ptr<Opening> opening) {
  const Feed::Key key = opening->loading->key();
  auto read = co_await read_pages(std::move(opening->snapshot), key.account, key.mailbox,
                                  std::move(opening->records));
  CO_TRY(auto view, std::move(read));
  opening->loading->done(view);
  co_return std::shared_ptr<const View>(std::move(view));
}

}  // namespace posta::mailbox
