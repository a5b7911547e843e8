// schedule.h: which letter is due when. In memory only; the store has what it is made from.
//
// A letter is waiting (it has an instant) or trying (the worker has it). What becomes due while the
// letter is tried is tried again after that, so that one letter is never in two attempts. Any
// thread; nothing waits here.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>

#include "mta/queue/queue.h"
#include "runtime/sleep.h"

namespace posta::mta {

class Queue::Schedule {
 public:
  // The letter is owed and due at `due` (Instant::max(): never by itself).
  void put(QueueId id, Instant due);
  // The attempt has ended, and the letter is due at `due`, or when put() said meanwhile, if that is
  // earlier.
  void finished(QueueId id, Instant due);
  // The letter is owed no more.
  void remove(QueueId id);
  // The letter due longest, which is now trying; nothing if none is due.
  std::optional<QueueId> take_due(Instant now);
  // When the next letter is due; Instant::max() if none.
  Instant next_due() const;
  std::size_t size() const;

  // The next id: grows with time and never repeats, whatever the clock does.
  QueueId new_id(WallTime now, std::uint64_t random);
  void used_id(QueueId id);

  runtime::Bell& bell() { return bell_; }  // rings when something became due earlier

 private:
  mutable std::mutex mutex_;
  std::set<std::pair<Instant, std::uint64_t>> waiting_;
  struct Entry {
    Instant due = Instant::max();
    bool trying = false;
    Instant again = Instant::max();  // said by put() while it was tried
  };
  std::unordered_map<std::uint64_t, Entry> letters_;  // every owed letter
  std::atomic<std::uint64_t> last_id_{0};
  runtime::Bell bell_;
};

// The pause before the next attempt: doubles from `retry_first` to `retry_max`, with a quarter of
// jitter, so that letters which failed together do not come back together.
std::chrono::milliseconds retry_pause(const QueueLimits& limits, unsigned attempts,
                                      std::uint64_t random);

// How long from `now` to an attempt that is due at `at`. A clock that was set back must not put
// mail off for years.
std::chrono::milliseconds pause_until(const QueueLimits& limits, WallTime at, WallTime now);

// The most that retry_pause() adds to the pause for chance.
std::chrono::milliseconds jitter_max(const QueueLimits& limits, unsigned attempts);

// So many attempts, and the time it was put off, take half of life_max at least. What was owed for
// less has not been tried for long enough to be given up, whatever the clock says: a clock that
// jumps must not fail mail.
bool tried_for_long(const QueueLimits& limits, unsigned attempts,
                    std::chrono::milliseconds put_off);

}  // namespace posta::mta
