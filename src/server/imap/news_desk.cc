#include "server/imap/news_desk.h"

#include <algorithm>

namespace posta::server::imap {

NewsDesk::Subscription::Subscription(NewsDesk& desk, AccountId account, MailboxId mailbox,
                                     net::Stream& stream)
    : desk_(desk), account_(account), mailbox_(mailbox), stream_(stream) {
  Watched& watched = desk_.watched_[account_];
  place_ = watched.idlers.insert(watched.idlers.end(), this);
  if (!watched.watch) {
    watched.watch = desk_.mailboxes_.watch(
        account_, [&desk, account](const std::shared_ptr<const mailbox::Change>& change) {
          desk.note(account, change->mailbox);
        });
  }
  if (!std::exchange(desk_.running_, true)) desk_.sessions_.attend(desk_.run());
}

NewsDesk::Subscription::~Subscription() {
  auto found = desk_.watched_.find(account_);
  found->second.idlers.erase(place_);
  if (found->second.idlers.empty()) desk_.watched_.erase(found);
}

void NewsDesk::note(AccountId account, MailboxId mailbox) {
  {
    std::lock_guard lock(mutex_);
    bool known = std::ranges::any_of(noted_, [&](const Place& place) {
      return place.account == account && place.mailbox == mailbox;
    });
    if (known) return;
    noted_.push_back({account, mailbox});
  }
  bell_.ring();
}

// Ends with the sessions; a session that idles then is told to go anyway.
Task<> NewsDesk::run() {
  while (!sessions_.closing()) {
    co_await bell_.wait(&sessions_.stop());
    std::vector<Place> noted;
    {
      std::lock_guard lock(mutex_);
      noted.swap(noted_);
    }
    for (const Place& place : noted) {
      auto found = watched_.find(place.account);
      if (found == watched_.end()) continue;
      for (Subscription* idler : found->second.idlers)
        if (idler->mailbox_ == place.mailbox) idler->stream_.nudge();
    }
  }
  running_ = false;
}

}  // namespace posta::server::imap
