#include "mailbox/feed.h"

#include <algorithm>

#include "base/check.h"

namespace posta::mailbox {

namespace {
Octets octets_of(const News& news) {
  return sizeof(News) + news.states() * sizeof(MessageState);
}
}  // namespace

// Shared with the handles, which may outlive the feed.
struct Feed::Watchers {
  std::mutex mutex;
  std::atomic<std::size_t> count = 0;
  std::uint64_t next = 0;
  // In order of their coming.
  std::unordered_map<AccountId, std::vector<std::pair<std::uint64_t, Mailboxes::Wake>>> by_account;
};

Feed::Feed(Octets octets_max) : octets_max_(octets_max), watchers_(std::make_shared<Watchers>()) {}

Feed::~Feed() = default;

std::shared_ptr<void> Feed::watch(AccountId account, Mailboxes::Wake wake) {
  struct Handle {
    std::shared_ptr<Watchers> watchers;
    AccountId account;
    std::uint64_t number = 0;
    ~Handle() {
      std::lock_guard lock(watchers->mutex);
      auto place = watchers->by_account.find(account);
      if (place == watchers->by_account.end()) return;
      std::erase_if(place->second, [&](const auto& w) { return w.first == number; });
      if (place->second.empty()) watchers->by_account.erase(place);
      --watchers->count;
    }
  };
  auto handle = std::make_shared<Handle>();
  handle->watchers = watchers_;
  handle->account = account;
  std::lock_guard lock(watchers_->mutex);
  handle->number = ++watchers_->next;
  watchers_->by_account[account].emplace_back(handle->number, std::move(wake));
  ++watchers_->count;
  return handle;
}

void Feed::publish(const std::shared_ptr<const News>& news) {
  {
    std::lock_guard lock(mutex_);
    if (news->mailbox)
      file(news);
    else if (news->removed)
      drop_account(news->account);
    for (const auto& retitled : news->retitled) retitle(*news, retitled);
  }
  if (watchers_->count == 0) return;
  std::lock_guard lock(watchers_->mutex);
  auto place = watchers_->by_account.find(news->account);
  if (place == watchers_->by_account.end()) return;
  for (const auto& [number, wake] : place->second) wake(news);
}

void Feed::file(const std::shared_ptr<const News>& news) {
  auto place = slots_.find({news->account, news->mailbox});
  if (place == slots_.end()) return;
  Slot& slot = place->second;
  if (news->removed) return drop(place);
  slot.pending.push_back(news);
  if (!slot.view) return;
  if (slot.pending.size() > kPendingMax) return drop(place);
  slot.octets += octets_of(*news);
  octets_ += octets_of(*news);
  shrink();
}

void Feed::retitle(const News& news, const News::Retitled& retitled) {
  auto place = slots_.find({news.account, retitled.mailbox});
  if (place == slots_.end()) return;
  // A view that is being loaded may have either name, and its modseq would not tell.
  if (!place->second.view) return drop(place);
  auto now = std::make_shared<News>();
  now->account = news.account;
  now->mailbox = retitled.mailbox;
  now->mod_seq = retitled.numbers.mod_seq;
  now->about = retitled.about;
  now->numbers = retitled.numbers;
  file(now);
}

Feed::Found Feed::find(Key key, std::shared_ptr<const PageView>& view, std::uint64_t& ticket) {
  std::unique_lock lock(mutex_);
  auto [place, fresh] = slots_.try_emplace(key);
  if (fresh) {
    ticket = place->second.ticket = ++tickets_;
    lru_.push_front(key);
    place->second.lru = lru_.begin();
    return Found::absent;
  }
  Slot& slot = place->second;
  lru_.splice(lru_.begin(), lru_, slot.lru);
  if (!slot.view) return Found::loading;
  view = slot.view;
  if (slot.pending.empty()) return Found::view;
  auto base = view;
  auto pending = slot.pending;
  lock.unlock();
  view = base->with(pending);
  lock.lock();
  // Only who replaces the view takes news away; so if it is still the same, the first
  // pending.size() of the news are those that have just been applied.
  place = slots_.find(key);
  if (place != slots_.end() && place->second.view == base) {
    Slot& now = place->second;
    now.view = view;
    now.pending.erase(now.pending.begin(),
                      now.pending.begin() + static_cast<std::ptrdiff_t>(pending.size()));
    account_for(now);
    shrink();
  }
  return Found::view;
}

void Feed::loaded(Key key, std::uint64_t ticket, std::shared_ptr<const PageView> view) {
  std::vector<Waiter> waiters;
  {
    std::lock_guard lock(mutex_);
    auto place = slots_.find(key);
    if (place == slots_.end() || place->second.ticket != ticket) return;  // dropped meanwhile
    Slot& slot = place->second;
    slot.view = std::move(view);
    std::erase_if(slot.pending,
                  [&](const auto& n) { return n->mod_seq <= slot.view->numbers().mod_seq; });
    waiters.swap(slot.waiters);
    account_for(slot);
    shrink();
  }
  wake(waiters);
}

void Feed::failed(Key key, std::uint64_t ticket) {
  std::lock_guard lock(mutex_);
  auto place = slots_.find(key);
  if (place != slots_.end() && place->second.ticket == ticket) drop(place);
}

bool Feed::enlist(Key key, Waiter waiter) {
  std::lock_guard lock(mutex_);
  auto place = slots_.find(key);
  if (place == slots_.end() || place->second.view) return false;
  place->second.waiters.push_back(waiter);
  return true;
}

void Feed::drop_account(AccountId account) {
  for (auto place = slots_.begin(); place != slots_.end();) {
    auto next = std::next(place);
    if (place->first.account == account) drop(place);
    place = next;
  }
}

void Feed::drop(Slots::iterator slot) {
  wake(slot->second.waiters);
  octets_ -= slot->second.octets;
  lru_.erase(slot->second.lru);
  slots_.erase(slot);
}

void Feed::account_for(Slot& slot) {
  octets_ -= slot.octets;
  slot.octets = slot.view->memory();
  for (const auto& news : slot.pending) slot.octets += octets_of(*news);
  octets_ += slot.octets;
}

void Feed::shrink() {
  // The one opened last stays, however large; those being loaded have no size yet.
  for (auto key = lru_.end(); octets_ > octets_max_ && key != lru_.begin();) {
    --key;
    if (key == lru_.begin()) return;
    auto slot = slots_.find(*key);
    if (!slot->second.view) continue;
    auto after = std::next(key);
    drop(slot);
    key = after;
  }
}

Octets Feed::view_octets() const {
  std::lock_guard lock(mutex_);
  return octets_;
}

void Feed::wake(std::vector<Waiter>& waiters) {
  for (const auto& waiter : waiters) waiter.executor->post(waiter.handle);
  waiters.clear();
}

}  // namespace posta::mailbox
