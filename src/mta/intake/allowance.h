// allowance.h: how much mail an account may submit: letters an hour, recipients a day, recipients
// to whom it has never written before a day.
//
//   begin_letter ── add_recipient* ── spend (the letter was accepted)
//         \______________ or: the claim is destroyed, and nothing was spent
//
// What a letter has claimed counts while it is being written, so that many at once cannot pass
// together. A window begins with the first letter in it; who is refused is told when it ends. A
// password that was stolen shows itself by recipients nobody here has written to: hence the third
// number.
//
// Kept in C/ by relaxed commits (docs/formats/keys.md): a crash forgets a little, a restart
// nothing. Whom an account has written to stands in a fixed number of slots of its own, so it is
// bounded; a slot keeps the one written to last.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/events.h"
#include "base/limits.h"
#include "mail/address.h"
#include "mail/ids.h"
#include "mail/reply.h"
#include "mail/time.h"
#include "store/store.h"

namespace posta::mta {

using runtime::Task;

// 0: no limit.
struct AllowanceLimits {
  std::uint64_t letters_per_hour = 300;
  std::uint64_t recipients_per_day = 2000;
  std::uint64_t new_recipients_per_day = 500;
};

inline constexpr LimitInfo kAllowanceLimits[] = {
    {"letters_per_hour", "letters", "450 4.7.0", ""},
    {"recipients_per_day", "recipients", "452 4.7.0", ""},
    {"new_recipients_per_day", "recipients", "452 4.7.0", ""},
};

class Allowance {
 public:
  Allowance(store::Store& store, Events& events) : store_(store), events_(events) {}

  // C/sent/: what an account has spent.
  struct Spent {
    WallTime hour;  // when the window began
    std::uint64_t letters = 0;
    WallTime day;
    std::uint64_t recipients = 0;
    std::uint64_t new_recipients = 0;
    friend bool operator==(const Spent&, const Spent&) = default;
  };
  static std::string encode(const Spent& spent);
  static std::optional<Spent> decode(std::string_view record);
  static constexpr std::size_t kSlots = 65'536;  // recipients known of one account

  // What one letter takes. Destroying it gives back what was not spent.
  class Claim {
   public:
    Claim(Allowance& allowance, AccountId account, AllowanceLimits limits, std::string session)
        : allowance_(allowance), account_(account), limits_(limits), session_(std::move(session)) {}
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim();

    // Nothing: it may have the letter. Else 452 4.7.0, with the time when it works again.
    Task<std::optional<Reply>> add_recipient(Address to);
    // The letter was accepted.
    void spend(WallTime now);

   private:
    friend class Allowance;
    Allowance& allowance_;
    const AccountId account_;
    const AllowanceLimits limits_;
    const std::string session_;  // for the event
    std::uint64_t letters_ = 0, recipients_ = 0, new_recipients_ = 0;
    std::vector<std::string> new_digests_;
  };
  // A claim, or 450 4.7.0. Error: the store could not answer (451).
  struct Begun {
    std::unique_ptr<Claim> claim;
    std::optional<Reply> refused;
  };
  Task<Result<Begun>> begin_letter(AccountId account, AllowanceLimits limits, std::string session);

  // The account is gone, and so is what it has written to whom.
  static void forget(store::Batch& batch, AccountId account);

 private:
  struct Account {
    Spent spent;
    std::uint64_t letters = 0, recipients = 0, new_recipients = 0;  // claimed
    std::size_t claims = 0;
    std::list<AccountId>::iterator place;
  };
  // Accounts in memory without a claim; those that were used longest ago are read again.
  static constexpr std::size_t kAccountsKept = 10'000;

  Account& find(AccountId id, WallTime now);  // under mutex_; there is a claim, so it is there
  void forget_oldest();                       // under mutex_
  void crossed(AccountId account, const std::string& session, std::string_view limit,
               std::uint64_t most, WallTime until);

  store::Store& store_;
  Events& events_;
  std::mutex mutex_;
  std::unordered_map<AccountId, Account> accounts_;  // under mutex_
  std::list<AccountId> order_;                       // under mutex_; the latest first
};

}  // namespace posta::mta
