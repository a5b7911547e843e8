#include "runtime/sim/sim_executor.h"

#include "base/check.h"
#include "base/codec.h"
#include "runtime/nursery.h"

namespace posta::runtime::sim {

namespace {

// 2026-01-01T00:00:00Z: where virtual time begins.
constexpr WallTime kBeginning{std::chrono::seconds{1767225600}};

// A step that becomes ready at its instant; owns itself.
struct Later final : Timer {
  SimExecutor& executor;
  std::move_only_function<void()> step;
  Later(SimExecutor& e, std::move_only_function<void()> s) : executor(e), step(std::move(s)) {}
  void fire() override {
    auto run = std::move(step);
    delete this;
    run();
  }
};

}  // namespace

std::uint64_t Random::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

std::uint64_t Random::below(std::uint64_t bound) {
  CHECK(bound > 0);
  return next() % bound;
}

SimExecutor::SimExecutor(std::uint64_t seed)
    : random_(seed), entropy_(~seed), now_(Instant{} + std::chrono::hours(1)) {}

SimExecutor::~SimExecutor() {
  // Steps scheduled for later own themselves; nobody else may still be waiting.
  while (!timers_.empty()) {
    auto* later = dynamic_cast<Later*>(&timers_.first());
    CHECK(later);
    timers_.remove(*later);
    delete later;
  }
}

void SimExecutor::post(std::coroutine_handle<> handle) {
  ready_.push_back({++readied_, handle});
}

void SimExecutor::post(std::move_only_function<void()> step) {
  ready_.push_back({++readied_, std::move(step)});
}

void SimExecutor::post_after(Duration delay, std::move_only_function<void()> step) {
  auto* later = new Later(*this, std::move(step));
  later->at = now_ + delay;
  timers_.add(*later);
}

WallTime SimExecutor::wall() const {
  auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  return kBeginning + since - std::chrono::hours(1) + wall_offset_;
}

void SimExecutor::set_wall_clock(WallTime wall_time) {
  wall_offset_ += wall_time - wall();
}

void SimExecutor::fill_random(std::span<unsigned char> out) {
  for (auto& octet : out) octet = static_cast<unsigned char>(entropy_.next());
}

bool SimExecutor::offload(std::move_only_function<void()> job) {
  post_after(std::chrono::microseconds(random_.below(500)), std::move(job));
  return true;
}

bool SimExecutor::step() {
  if (ready_.empty()) {
    if (timers_.empty()) return false;
    // All timers of this instant are candidates; one fires per step, chosen by the seed.
    now_ = std::max(now_, timers_.first().at);
    due_.clear();
    while (!timers_.empty() && timers_.first().at <= now_) {
      due_.push_back(&timers_.first());
      timers_.remove(timers_.first());
    }
    std::size_t chosen = static_cast<std::size_t>(random_.below(due_.size()));
    Timer* timer = due_[chosen];
    for (Timer* other : due_)
      if (other != timer) timers_.add(*other);
    ++steps_;
    hash_ = hash64("timer", hash_ ^ timer->order ^
                                static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    timer->fire();
    return true;
  }
  std::size_t chosen = static_cast<std::size_t>(random_.below(ready_.size()));
  Ready next = std::move(ready_[chosen]);
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(chosen));
  ++steps_;
  hash_ = hash64("step",
                 hash_ ^ next.number ^ static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  if (auto* handle = std::get_if<std::coroutine_handle<>>(&next.what)) {
    handle->resume();
  } else {
    std::get<std::move_only_function<void()>>(next.what)();
  }
  return true;
}

void SimExecutor::run(std::uint64_t steps_max) {
  while (steps_max > 0 && step()) --steps_max;
}

void SimExecutor::run_for(Duration duration) {
  Instant end = now_ + duration;
  while (!ready_.empty() || (!timers_.empty() && timers_.first().at <= end)) step();
  now_ = std::max(now_, end);
}

void SimExecutor::run_task(Task<> task) {
  Nursery nursery(*this);
  nursery.spawn(std::move(task));
  while (nursery.size() > 0) CHECK(step());
}

void SimExecutor::trace(std::string_view what) {
  hash_ = hash64(what, hash_);
}

}  // namespace posta::runtime::sim
