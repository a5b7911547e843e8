#include "mta/queue/schedule.h"

#include <algorithm>

namespace posta::mta {

void Queue::Schedule::put(QueueId id, Instant due) {
  {
    std::lock_guard lock(mutex_);
    Entry& entry = letters_[id.value];
    if (entry.trying) {
      entry.again = std::min(entry.again, due);
      return;
    }
    waiting_.erase({entry.due, id.value});
    entry.due = due;
    if (due != Instant::max()) waiting_.insert({due, id.value});
  }
  bell_.ring();
}

void Queue::Schedule::finished(QueueId id, Instant due) {
  {
    std::lock_guard lock(mutex_);
    auto place = letters_.find(id.value);
    if (place == letters_.end()) return;
    Entry& entry = place->second;
    entry.trying = false;
    entry.due = std::min(due, std::exchange(entry.again, Instant::max()));
    if (entry.due != Instant::max()) waiting_.insert({entry.due, id.value});
  }
  bell_.ring();
}

void Queue::Schedule::remove(QueueId id) {
  std::lock_guard lock(mutex_);
  auto place = letters_.find(id.value);
  if (place == letters_.end()) return;
  waiting_.erase({place->second.due, id.value});
  letters_.erase(place);
}

std::optional<QueueId> Queue::Schedule::take_due(Instant now) {
  std::lock_guard lock(mutex_);
  if (waiting_.empty() || waiting_.begin()->first > now) return std::nullopt;
  QueueId id(waiting_.begin()->second);
  waiting_.erase(waiting_.begin());
  letters_[id.value].trying = true;
  return id;
}

Instant Queue::Schedule::next_due() const {
  std::lock_guard lock(mutex_);
  return waiting_.empty() ? Instant::max() : waiting_.begin()->first;
}

std::size_t Queue::Schedule::size() const {
  std::lock_guard lock(mutex_);
  return letters_.size();
}

QueueId Queue::Schedule::new_id(WallTime now, std::uint64_t random) {
  constexpr int kRandomBits = 21;
  constexpr std::uint64_t kBehind = 1000;  // ms
  auto millis = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const std::uint64_t noise = random & ((1u << kRandomBits) - 1);
  std::uint64_t wanted = millis << kRandomBits | noise;
  std::uint64_t last = last_id_.load(std::memory_order_relaxed);
  std::uint64_t id;
  do {
    // After the clock was set back ids go on from the last one that is known. A restart may have
    // forgotten later ones, of letters that are owed no more: chance keeps us from meeting them.
    bool behind = (last >> kRandomBits) > millis + kBehind;
    id = std::max(wanted, last + 1 + (behind ? noise : 0));
  } while (!last_id_.compare_exchange_weak(last, id, std::memory_order_relaxed));
  return QueueId(id);
}

void Queue::Schedule::used_id(QueueId id) {
  std::uint64_t last = last_id_.load(std::memory_order_relaxed);
  while (last < id.value && !last_id_.compare_exchange_weak(last, id.value)) {
  }
}

namespace {

std::chrono::milliseconds pause_after(const QueueLimits& limits, unsigned attempts) {
  std::chrono::milliseconds pause = limits.retry_first;
  for (unsigned i = 1; i < attempts && pause < limits.retry_max; ++i) pause *= 2;
  return std::min<std::chrono::milliseconds>(pause, limits.retry_max);
}

}  // namespace

std::chrono::milliseconds jitter_max(const QueueLimits& limits, unsigned attempts) {
  return pause_after(limits, attempts) / 4;
}

std::chrono::milliseconds retry_pause(const QueueLimits& limits, unsigned attempts,
                                      std::uint64_t random) {
  auto jitter = static_cast<std::uint64_t>(jitter_max(limits, attempts).count());
  return pause_after(limits, attempts) + std::chrono::milliseconds(jitter ? random % jitter : 0);
}

std::chrono::milliseconds pause_until(const QueueLimits& limits, WallTime at, WallTime now) {
  return std::clamp<std::chrono::milliseconds>(at - now, std::chrono::milliseconds(0),
                                               limits.retry_max * 2);
}

bool tried_for_long(const QueueLimits& limits, unsigned attempts,
                    std::chrono::milliseconds put_off) {
  constexpr unsigned kAttemptsMax = 1000;  // should somebody want no pauses
  if (attempts >= kAttemptsMax) return true;
  std::chrono::milliseconds tried = put_off;
  for (unsigned i = 1; i < attempts; ++i) tried += pause_after(limits, i);
  return tried >= limits.life_max / 2;
}

}  // namespace posta::mta
