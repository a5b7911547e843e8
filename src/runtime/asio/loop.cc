#include "runtime/asio/loop.h"

#include <sys/random.h>

#include <boost/asio/post.hpp>

#include "base/check.h"

namespace posta::runtime::asio {

WorkerPool::WorkerPool(Limits limits) : limits_(limits) {
  for (unsigned i = 0; i < limits_.threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool WorkerPool::submit(std::move_only_function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (closing_ || jobs_.size() >= limits_.jobs_waiting_max) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
}

Loop::Loop(WorkerPool& workers)
    : workers_(workers), guard_(boost::asio::make_work_guard(context_)) {}

// Whoever posted the last step may still be on its way out of Asio, which wakes the loop when the
// step is already there to be taken.
Loop::~Loop() {
  CHECK(timers_.empty());
  while (posting_.load(std::memory_order_acquire) > 0) std::this_thread::yield();
}

void Loop::post(std::coroutine_handle<> handle) {
  posting_.fetch_add(1, std::memory_order_relaxed);
  boost::asio::post(context_, [handle] { handle.resume(); });
  posting_.fetch_sub(1, std::memory_order_release);
}

Instant Loop::now() const {
  return std::chrono::steady_clock::now();
}

WallTime Loop::wall() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

void Loop::fill_random(std::span<unsigned char> out) {
  while (!out.empty()) {
    ssize_t n = getrandom(out.data(), out.size(), 0);
    CHECK(n > 0 || errno == EINTR);
    if (n > 0) out = out.subspan(static_cast<std::size_t>(n));
  }
}

bool Loop::offload(std::move_only_function<void()> job) {
  return workers_.submit(std::move(job));
}

void Loop::fire_due_timers() {
  Instant now_is = now();
  while (!timers_.empty() && timers_.first().at <= now_is) {
    Timer& timer = timers_.first();
    timers_.remove(timer);
    timer.fire();
  }
}

void Loop::run() {
  while (!quit_) {
    if (timers_.empty()) {
      context_.run_one();
    } else {
      context_.run_one_until(timers_.first().at);
    }
    // What became ready meanwhile, without asking the timers each time; bounded, so that they get a
    // turn.
    for (int i = 0; i < 64 && context_.poll_one() > 0; ++i) {
    }
    fire_due_timers();
  }
  quit_ = false;  // it may run again
}

void Loop::quit() {
  posting_.fetch_add(1, std::memory_order_relaxed);
  boost::asio::post(context_, [this] { quit_ = true; });
  posting_.fetch_sub(1, std::memory_order_release);
}

}  // namespace posta::runtime::asio
