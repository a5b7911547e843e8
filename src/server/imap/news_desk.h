// news_desk.h: wakes the sessions of one loop that idle, when their mailbox changes.
//
//   committer's thread           the loop's thread
//   Change --> wake: noted --ring--> run(): nudges every idler of that mailbox
//
// An account is watched only while one of its sessions idles here, so a change of which nobody
// wants to hear costs nothing; and nothing runs while nothing happens. The session looks for itself
// at what is new. All but the wake-up on the loop's thread.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "mailbox/mailbox.h"
#include "net/stream.h"
#include "runtime/sleep.h"
#include "server/session/sessions.h"

namespace posta::server::imap {

class NewsDesk {
 public:
  NewsDesk(mailbox::Mailboxes& mailboxes, Sessions& sessions)
      : mailboxes_(mailboxes), sessions_(sessions) {}
  NewsDesk(const NewsDesk&) = delete;
  NewsDesk& operator=(const NewsDesk&) = delete;

  // A session that wants to be woken, until it is destroyed.
  class Subscription {
   public:
    Subscription(NewsDesk& desk, AccountId account, MailboxId mailbox, net::Stream& stream);
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    ~Subscription();

   private:
    friend class NewsDesk;
    NewsDesk& desk_;
    const AccountId account_;
    const MailboxId mailbox_;
    net::Stream& stream_;
    std::list<Subscription*>::iterator place_;
  };

 private:
  struct Watched {
    std::list<Subscription*> idlers;
    std::shared_ptr<void> watch;
  };
  struct Place {
    AccountId account;
    MailboxId mailbox;
  };

  void note(AccountId account, MailboxId mailbox);  // the committer's thread
  Task<> run();

  mailbox::Mailboxes& mailboxes_;
  Sessions& sessions_;
  std::unordered_map<AccountId, Watched> watched_;
  bool running_ = false;
  runtime::Bell bell_;
  std::mutex mutex_;
  std::vector<Place> noted_;  // under mutex_
};

}  // namespace posta::server::imap
