// sleep.h: waiting for an instant, or for somebody to ring.
#pragma once

#include <coroutine>
#include <deque>
#include <mutex>

#include "runtime/executor.h"
#include "runtime/stop.h"
#include "runtime/task.h"

namespace posta::runtime {

// True when the instant has come; false when `stop` (which may be null) asked first.
Task<bool> sleep_until(Instant at, Stop* stop = nullptr);
Task<bool> sleep_for(Duration duration, Stop* stop = nullptr);

// A bell wakes everybody who waits for it. A ring with nobody waiting is remembered for the next
// one who does. Any thread may ring; each waiter wakes on its own executor.
class Bell {
 public:
  Bell() = default;
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  ~Bell();

  void ring();

  // Why the wait ended.
  enum class Woke { rung, time, stopped };
  Task<Woke> wait_until(Instant at, Stop* stop = nullptr);
  Task<Woke> wait(Stop* stop = nullptr);

 private:
  struct Waiter;
  std::mutex mutex_;
  bool rung_ = false;
  std::deque<Waiter*> waiters_;
};

}  // namespace posta::runtime
