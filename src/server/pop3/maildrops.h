// maildrops.h: which maildrops are held by a session (RFC 1939 §4: "an exclusive-access lock").
//
// One for the service, shared by its loops; nothing waits here.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

#include "mail/ids.h"

namespace posta::server::pop3 {

class Maildrops {
 public:
  class Hold {
   public:
    Hold(Maildrops& maildrops, AccountId account) : maildrops_(&maildrops), account_(account) {}
    Hold(Hold&& other) noexcept
        : maildrops_(std::exchange(other.maildrops_, nullptr)), account_(other.account_) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(maildrops_, other.maildrops_);
      std::swap(account_, other.account_);
      return *this;
    }
    ~Hold() {
      if (maildrops_) maildrops_->release(account_);
    }

   private:
    Maildrops* maildrops_;
    AccountId account_;
  };

  // Nothing if another session holds it.
  std::optional<Hold> hold(AccountId account) {
    std::lock_guard lock(mutex_);
    if (!held_.insert(account).second) return std::nullopt;
    return std::optional<Hold>(std::in_place, *this, account);
  }

 private:
  void release(AccountId account) {
    std::lock_guard lock(mutex_);
    held_.erase(account);
  }
  std::mutex mutex_;
  std::unordered_set<AccountId> held_;
};

}  // namespace posta::server::pop3
