// at_hand.h: letters that need not be read from the store, because they are still in memory.
//
//            keep                      begin
//   admitted ----> at hand, or not ----------> in an attempt ----> end: gone, or, if nothing of it
//                     ^                                            changed, at hand again
//                     +--------------------------------------------'
//
// The store has every letter that is here, as it is here: what is at hand saves reading, and a
// crash forgets nothing that is owed. Whoever changes a letter on disk forgets it here, and an
// attempt that has it in work then keeps nothing of it. Bounded in octets: what has no room is
// read. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "mta/queue/queue.h"

namespace posta::mta {

class Queue::AtHand {
 public:
  explicit AtHand(Octets octets_max) : octets_max_(octets_max) {}

  struct Kept {
    std::optional<QueuedLetter> letter = {};  // as it is in the store; nothing: it must be read
    std::string destination = {};  // the only one that it has; empty: it has several, or here
  };

  // A letter that was admitted. Before it is scheduled.
  void keep(QueuedLetter letter, std::string destination);
  // The only one of the letter; empty: that is not known without reading it.
  std::string destination(QueueId id) const;

  // An attempt begins: the letter, if it is at hand.
  std::optional<QueuedLetter> begin(QueueId id);
  // It has ended. What it has kept is at hand again, unless somebody has changed it meanwhile.
  void end(QueueId id, Kept kept);
  // Somebody has changed it in the store.
  void forget(QueueId id);

  Octets octets() const;

 private:
  struct Entry {
    Kept kept;  // no letter: it is in an attempt
    Octets octets = 0;
  };

  const Octets octets_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Entry> entries_;
  Octets octets_ = 0;
};

}  // namespace posta::mta
