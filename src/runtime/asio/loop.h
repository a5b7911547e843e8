// loop.h: the real world: one event loop a thread, and a bounded pool for what blocks.
//
// Only app and tests include this. Boost.Asio supplies the reactor (epoll); the tasks are ours
// (docs/design/0001).
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/executor.h"
#include "runtime/timer_heap.h"

namespace posta::runtime::asio {

// Threads that run blocking jobs. A full queue refuses.
class WorkerPool {
 public:
  struct Limits {
    unsigned threads = 4;
    std::size_t jobs_waiting_max = 4096;  // jobs; beyond: Error{unavailable}
  };
  explicit WorkerPool(Limits limits);
  ~WorkerPool();  // finishes what was taken

  bool submit(std::move_only_function<void()> job);

 private:
  void work();
  Limits limits_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> jobs_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

class Loop final : public Executor {
 public:
  explicit Loop(WorkerPool& workers);
  ~Loop() override;

  void post(std::coroutine_handle<> handle) override;
  Instant now() const override;
  WallTime wall() const override;
  void fill_random(std::span<unsigned char> out) override;
  void add(Timer& timer) override { timers_.add(timer); }
  void remove(Timer& timer) override { timers_.remove(timer); }
  bool offload(std::move_only_function<void()> job) override;

  // Runs on the calling thread until quit(); may be called again. Any thread may call quit().
  void run();
  void quit();

  boost::asio::io_context& context() { return context_; }

 private:
  void fire_due_timers();

  WorkerPool& workers_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  TimerHeap timers_;
  bool quit_ = false;
  std::atomic<unsigned> posting_ = 0;  // threads inside post()
};

}  // namespace posta::runtime::asio
