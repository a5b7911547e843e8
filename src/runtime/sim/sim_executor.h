// sim_executor.h: the deterministic twin of a loop (house D7).
//
// One thread, virtual time, one seed. Everything that is ready waits in a set, and the seed picks
// who goes next; when nothing is ready, time jumps to the earliest timers, and all timers of that
// instant become ready together. Worker jobs and everything else that is concurrent in the real
// world are steps here. One seed run twice gives the same trace hash.
#pragma once

#include <functional>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/executor.h"
#include "runtime/task.h"
#include "runtime/timer_heap.h"

namespace posta::runtime::sim {

// A small, fast, seeded generator (SplitMix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);  // 0 <= result < bound; bound > 0
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

class SimExecutor final : public Executor {
 public:
  explicit SimExecutor(std::uint64_t seed);
  ~SimExecutor() override;

  void post(std::coroutine_handle<> handle) override;
  Instant now() const override { return now_; }
  WallTime wall() const override;
  void fill_random(std::span<unsigned char> out) override;
  void add(Timer& timer) override { timers_.add(timer); }
  void remove(Timer& timer) override { timers_.remove(timer); }
  bool offload(std::move_only_function<void()> job) override;

  // A step that is not a coroutine: the twins of network and store use it.
  void post(std::move_only_function<void()> step);
  void post_after(Duration delay, std::move_only_function<void()> step);

  // One step. False when nothing is ready and no timer is pending.
  bool step();
  // Runs until nothing is left to do, or the virtual time or the steps are used up.
  void run(std::uint64_t steps_max = 50'000'000);
  void run_for(Duration duration);

  // Runs one task to its end, with everything else that is ready. CHECKs that it ends.
  void run_task(Task<> task);

  // Moves the wall clock by `jump` (it may go backwards); the steady clock does not notice.
  void jump_wall_clock(std::chrono::milliseconds jump) { wall_offset_ += jump; }
  void set_wall_clock(WallTime wall);

  Random& random_source() { return random_; }

  // Adds something observable to the trace: octets on a wire, keys in a commit.
  void trace(std::string_view what);
  std::uint64_t trace_hash() const { return hash_; }
  std::uint64_t steps() const { return steps_; }

 private:
  struct Ready {
    std::uint64_t number;  // in order of becoming ready: names the step in the trace
    std::variant<std::coroutine_handle<>, std::move_only_function<void()>> what;
  };
  Random random_;
  Random entropy_;  // separate, so that asking for ids does not change the schedule
  std::vector<Ready> ready_;
  TimerHeap timers_;
  std::vector<Timer*> due_;
  Instant now_{};
  std::chrono::milliseconds wall_offset_{};
  std::uint64_t readied_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace posta::runtime::sim
