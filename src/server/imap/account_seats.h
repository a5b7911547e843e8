// account_seats.h: how many sessions one account has (limit imap.sessions_per_account_max).
//
// One for the service, shared by its loops; nothing waits here.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "mail/ids.h"

namespace posta::server::imap {

class AccountSeats {
 public:
  class Seat {
   public:
    Seat(AccountSeats& seats, AccountId account) : seats_(&seats), account_(account) {}
    Seat(Seat&& other) noexcept
        : seats_(std::exchange(other.seats_, nullptr)), account_(other.account_) {}
    Seat& operator=(Seat&& other) noexcept {
      std::swap(seats_, other.seats_);
      std::swap(account_, other.account_);
      return *this;
    }
    ~Seat() {
      if (seats_) seats_->leave(account_);
    }

   private:
    AccountSeats* seats_;
    AccountId account_;
  };

  // Nothing if the account has `max` sessions already.
  std::optional<Seat> enter(AccountId account, std::size_t max) {
    std::lock_guard lock(mutex_);
    std::size_t& sessions = sessions_[account];
    if (sessions >= max) return std::nullopt;
    ++sessions;
    return std::optional<Seat>(std::in_place, *this, account);
  }

 private:
  void leave(AccountId account) {
    std::lock_guard lock(mutex_);
    auto found = sessions_.find(account);
    if (--found->second == 0) sessions_.erase(found);
  }
  std::mutex mutex_;
  std::unordered_map<AccountId, std::size_t> sessions_;
};

}  // namespace posta::server::imap
