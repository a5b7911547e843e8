#include "mta/queue/at_hand.h"

namespace posta::mta {

namespace {

// About what the letter takes in memory.
Octets weight_of(const QueuedLetter& letter) {
  constexpr Octets kLetter = 1_KiB;
  constexpr Octets kRecipient = 256;
  Octets octets = kLetter + kRecipient * letter.owed.size() + 8 * letter.reached.size();
  octets += 8 * letter.message.thread_keys.size();
  if (letter.message.digest) octets += letter.message.digest->size();
  if (letter.message.octets) octets += letter.message.octets->size();
  return octets;
}

}  // namespace

void Queue::AtHand::keep(QueuedLetter letter, std::string destination) {
  const Octets octets = weight_of(letter);
  const QueueId id = letter.letter.id;
  std::lock_guard lock(mutex_);
  if (octets_ + octets > octets_max_) return;
  octets_ += octets;
  entries_[id.value] = {{std::move(letter), std::move(destination)}, octets};
}

std::string Queue::AtHand::destination(QueueId id) const {
  std::lock_guard lock(mutex_);
  auto place = entries_.find(id.value);
  return place == entries_.end() ? std::string() : place->second.kept.destination;
}

std::optional<QueuedLetter> Queue::AtHand::begin(QueueId id) {
  std::lock_guard lock(mutex_);
  Entry entry = std::exchange(entries_[id.value], {});
  octets_ -= entry.octets;
  return std::move(entry.kept.letter);
}

void Queue::AtHand::end(QueueId id, Kept kept) {
  Octets octets = kept.letter ? weight_of(*kept.letter) : 0;
  std::lock_guard lock(mutex_);
  auto place = entries_.find(id.value);
  if (place == entries_.end()) return;  // forgotten
  if (!kept.letter || octets_ + octets > octets_max_) {
    entries_.erase(place);
    return;
  }
  octets_ += octets;
  place->second = {std::move(kept), octets};
}

void Queue::AtHand::forget(QueueId id) {
  std::lock_guard lock(mutex_);
  auto place = entries_.find(id.value);
  if (place == entries_.end()) return;
  octets_ -= place->second.octets;
  entries_.erase(place);
}

Octets Queue::AtHand::octets() const {
  std::lock_guard lock(mutex_);
  return octets_;
}

}  // namespace posta::mta
