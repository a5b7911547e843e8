#include "runtime/sleep.h"

#include <algorithm>

#include "base/check.h"

namespace posta::runtime {

// One waiter: woken exactly once, by the bell, the timer or the stop, whichever comes first. Only
// the bell may come from another thread; its mutex guards `waiting` and the list.
struct Bell::Waiter final : Timer {
  Bell& bell;
  Executor* executor = nullptr;
  std::coroutine_handle<> handle;
  bool waiting = false;
  Woke why = Woke::rung;

  explicit Waiter(Bell& b) : bell(b) {}

  void fire() override { wake(Woke::time); }

  void wake(Woke reason) {
    {
      std::lock_guard lock(bell.mutex_);
      if (!waiting) return;
      waiting = false;
      std::erase(bell.waiters_, this);
    }
    why = reason;
    executor->post(handle);
  }

  bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    handle = self;
    std::lock_guard lock(bell.mutex_);
    if (std::exchange(bell.rung_, false)) return false;
    waiting = true;
    bell.waiters_.push_back(this);
    return true;
  }
  void await_resume() noexcept {}
};

Bell::~Bell() {
  CHECK(waiters_.empty());
}

void Bell::ring() {
  std::lock_guard lock(mutex_);
  if (waiters_.empty()) {
    rung_ = true;
    return;
  }
  for (Waiter* waiter : std::exchange(waiters_, {})) {
    waiter->waiting = false;
    waiter->why = Woke::rung;
    waiter->executor->post(waiter->handle);
  }
}

Task<Bell::Woke> Bell::wait_until(Instant at, Stop* stop) {
  if (stop && stop->requested()) co_return Woke::stopped;
  Executor& executor = co_await this_executor();
  Waiter waiter(*this);
  waiter.executor = &executor;
  waiter.at = at;
  if (at != Instant::max()) executor.add(waiter);
  {
    Stop::Callback on_stop(stop, [&waiter] { waiter.wake(Woke::stopped); });
    co_await waiter;
  }
  executor.remove(waiter);
  co_return waiter.why;
}

Task<Bell::Woke> Bell::wait(Stop* stop) {
  return wait_until(Instant::max(), stop);
}

Task<bool> sleep_until(Instant at, Stop* stop) {
  Bell nobody_rings;
  Bell::Woke why = co_await nobody_rings.wait_until(at, stop);
  co_return why == Bell::Woke::time;
}

Task<bool> sleep_for(Duration duration, Stop* stop) {
  Executor& executor = co_await this_executor();
  bool slept = co_await sleep_until(executor.now() + duration, stop);
  co_return slept;
}

}  // namespace posta::runtime
