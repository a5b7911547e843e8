// executor.h: the world, as far as a task can see it: its loop, the time, chance, and workers.
//
// A task is pinned to one executor for life. runtime/asio realises it with one io_context per
// thread, runtime/sim with a seeded ready-set on virtual time (house D7). Nothing else in posta
// asks the clock or the random device.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "mail/time.h"

namespace posta::runtime {

// Something that happens on an executor at an instant, unless it is removed before. Intrusive:
// whoever owns the timer owns its memory; the destructor of the owner removes it.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  virtual void fire() = 0;  // on the executor's thread; the timer is no longer pending

  Instant at{};
  bool pending() const { return slot != kIdle; }

  static constexpr std::size_t kIdle = ~std::size_t{0};
  std::size_t slot = kIdle;  // place in the executor's heap; the executor's own
  std::uint64_t order = 0;   // insertion order among equals; the executor's own

 protected:
  ~Timer() = default;
};

class Executor {
 public:
  virtual ~Executor() = default;

  // Resumes `handle` soon, on this executor's thread. Any thread may call it.
  virtual void post(std::coroutine_handle<> handle) = 0;

  virtual Instant now() const = 0;    // any thread
  virtual WallTime wall() const = 0;  // any thread

  // Unpredictable in the real world (getrandom(2)), seeded in simulation. Any thread.
  virtual void fill_random(std::span<unsigned char> out) = 0;
  std::uint64_t random();

  // Own thread only. `remove` of a timer that is not pending does nothing.
  virtual void add(Timer& timer) = 0;
  virtual void remove(Timer& timer) = 0;

  // Runs a job that may block on the bounded worker pool. False: the pool's queue is full and the
  // job was not taken. Use on_worker (worker.h) instead of this.
  virtual bool offload(std::move_only_function<void()> job) = 0;
};

}  // namespace posta::runtime
