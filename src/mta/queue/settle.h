// settle.h: one batch in the making: what became of some recipients of one letter.
//
// Admission and every later attempt end here. The batch has a turn at each account that receives,
// and then a closing turn at the queue, which has seen every outcome and writes what is still owed:
//
//   outcome known before (failed, deferred, remote)  --+
//   account turn: delivered, or full -> deferred     --+--> closing turn: erase or put Q/owed,
//                                                           Q/letter, the queue's link to the body
//
// Offspring (a DSN) joins as a letter that is owed. If the commit is refused because a mailbox
// moved on, the same settlement is tried again with fresh heads; nothing of it was visible. If it
// is refused because an administrator changed what is owed of the letter, the caller reads the
// letter again.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "mta/queue/queue.h"

namespace posta::mta {

class Queue::Settlement {
 public:
  struct Item {
    OwedRecipient owed;    // where to, and what is written if it stays owed
    bool on_disk = false;  // Q/owed has it already
    std::optional<MailboxCarrier::Prepared> local;  // delivered at the account's turn
    std::optional<Outcome> outcome;
    bool late = false;     // still owed, and the sender is told so
    bool expired = false;  // tried in vain for too long
    bool silent = false;   // deferred as it was before: no event
    bool moved = false;    // nothing was tried: it is written because its address has changed
  };

  Settlement(Queue& queue, Letter letter, StoredMessage message, bool letter_on_disk)
      : queue_(queue),
        letter_(std::move(letter)),
        message_(std::move(message)),
        letter_on_disk_(letter_on_disk) {}

  std::vector<Item>& items() { return items_; }
  const Letter& letter() const { return letter_; }
  const StoredMessage& message() const { return message_; }

  // A finished body that travels with the batch.
  void carry(std::unique_ptr<store::BodyWriter> body) { bodies_.push_back(std::move(body)); }
  // The letter's record must be as it was read. `change`: and is written anew, so that whoever has
  // read it before learns of it.
  void expect(const QueuedLetter& letter, bool change = false) {
    seen_ = letter.seen;
    changes_ = letter.changes + (change ? 1 : 0);
    change_ = change;
  }
  // Recipients of the letter that this settlement does not touch are still owed.
  void set_others_owed(bool owed) { others_owed_ = owed; }
  // Accounts that have the letter already.
  void set_reached(const std::vector<AccountId>& accounts) {
    on_disk_reached_ = accounts;
    reached_.insert(accounts.begin(), accounts.end());
  }
  // The account is to get the letter; false if it has it, or gets it by another item.
  bool reach(AccountId account) { return reached_.insert(account).second; }
  // If a settlement with this name was committed before, this one answers Error{conflict}. Empty:
  // it has no name.
  void take_once(const std::string& submission, WallTime now);
  // A letter that becomes owed with this batch.
  void add_offspring(QueuedLetter offspring) { offspring_.push_back(std::move(offspring)); }
  const std::vector<QueuedLetter>& offspring() const { return offspring_; }

  // Commits. Afterwards every item has an outcome. False: the letter is not what it was when it was
  // read, and nothing was written.
  Task<Result<bool>> commit();

  // After the commit: is anything of the letter owed?
  bool still_owed() const { return still_owed_; }
  // And the letter that came in with it, as show() would read it now.
  QueuedLetter as_written() const;

 private:
  Task<> find_thread(AccountId account, mailbox::Arrival& arrival);
  int deliver(store::Turn& turn, Item& item);
  int close(store::Turn& turn);
  store::Batch build();

  Queue& queue_;
  Letter letter_;
  StoredMessage message_;
  bool letter_on_disk_;
  std::uint64_t seen_ = 0;  // digest of the letter's record: as it was read, or is written
  std::uint64_t changes_ = 0;
  bool change_ = false;
  bool others_owed_ = false;
  bool still_owed_ = false;
  std::vector<Item> items_;
  std::vector<AccountId> on_disk_reached_;
  std::set<AccountId> reached_;
  std::vector<QueuedLetter> offspring_;
  std::vector<std::unique_ptr<store::BodyWriter>> bodies_;
  std::string taken_key_;  // Q/taken/<submission>; empty: none
  std::string taken_record_;
};

}  // namespace posta::mta
