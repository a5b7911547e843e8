// feed.h: views that are in use, kept current; and who wants to be woken.
//
//   open: absent --> Loading (news gathers) --> Ready(view) --with news--> Ready(newer view)
//                        | failed                  | LRU, too much news, account removed
//                        v                         v
//                      absent                    absent (pinned views live on with their sessions)
//
// The committer's thread only files the news; whoever opens the mailbox next applies it, outside
// the lock, and all share the result. A mailbox that nobody opened costs a delivery one look into
// a hash table. Any thread.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "mailbox/mailbox.h"
#include "mailbox/news.h"
#include "mailbox/view.h"

namespace posta::mailbox {

class Feed {
 public:
  static constexpr std::size_t kPendingMax = 1024;  // news unread: beyond, the view is dropped

  explicit Feed(Octets octets_max);
  ~Feed();

  struct Key {
    AccountId account;
    MailboxId mailbox;
    friend bool operator==(const Key&, const Key&) = default;
  };

  // --- committer's thread, in commit order
  void publish(const std::shared_ptr<const News>& news);

  // --- views
  enum class Found { view, loading, absent };
  // The view with all news applied. `absent`: the caller has become the one who loads, and must
  // call loaded() or failed() with `ticket`.
  Found find(Key key, std::shared_ptr<const PageView>& view, std::uint64_t& ticket);
  void loaded(Key key, std::uint64_t ticket, std::shared_ptr<const PageView> view);
  void failed(Key key, std::uint64_t ticket);

  // Waits until the mailbox is not being loaded any more.
  auto wait(Key key) { return Wait(*this, key); }

  // --- watchers
  std::shared_ptr<void> watch(AccountId account, Mailboxes::Wake wake);

  Octets view_octets() const;  // of cached views and their news

 private:
  struct Waiter {
    runtime::Executor* executor;
    std::coroutine_handle<> handle;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::uint64_t>{}(key.account.value * 0x9E3779B97F4A7C15ull ^
                                        key.mailbox.value);
    }
  };
  struct Slot {
    std::uint64_t ticket = 0;              // which loading made it
    std::shared_ptr<const PageView> view;  // null: loading
    std::vector<std::shared_ptr<const News>> pending;
    Octets octets = 0;  // what it counts in octets_
    std::vector<Waiter> waiters;
    std::list<Key>::iterator lru;
  };
  using Slots = std::unordered_map<Key, Slot, KeyHash>;

  struct Wait {
    Wait(Feed& f, Key k) : feed(f), key(k) {}
    Feed& feed;
    Key key;
    bool await_ready() noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> self) {
      return feed.enlist(key, {self.promise().executor, self});
    }
    void await_resume() noexcept {}
  };
  bool enlist(Key key, Waiter waiter);  // false: nobody is loading it

  void file(const std::shared_ptr<const News>& news);              // mutex_ held
  void retitle(const News& news, const News::Retitled& retitled);  // mutex_ held
  void drop_account(AccountId account);                            // mutex_ held
  void drop(Slots::iterator slot);                                 // mutex_ held
  void account_for(Slot& slot);                                    // mutex_ held
  void shrink();                                                   // mutex_ held
  static void wake(std::vector<Waiter>& waiters);

  const Octets octets_max_;
  mutable std::mutex mutex_;
  Slots slots_;
  std::list<Key> lru_;  // the most recently opened first
  Octets octets_ = 0;
  std::uint64_t tickets_ = 0;

  struct Watchers;
  std::shared_ptr<Watchers> watchers_;
};

}  // namespace posta::mailbox
