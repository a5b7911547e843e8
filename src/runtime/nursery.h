// nursery.h: the owner of tasks.
//
//   Nursery sessions(executor);
//   sessions.spawn(serve(std::move(stream)));
//   ...
//   sessions.stop().request();      asks them to end
//   co_await sessions.join();       they have ended
//
// No task is detached: each has a nursery, and a nursery that is destroyed while a task lives is a
// bug. Closing the nurseries in reverse order is the shutdown (style, principle 13). One executor's
// thread.
#pragma once

#include <coroutine>
#include <cstddef>
#include <vector>

#include "runtime/stop.h"
#include "runtime/task.h"

namespace posta::runtime {

class Nursery {
 public:
  explicit Nursery(Executor& executor) : executor_(executor) {}
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;
  ~Nursery();

  // The task begins soon, not inside this call.
  void spawn(Task<> task);

  // What the tasks were promised to look at.
  Stop& stop() { return stop_; }

  std::size_t size() const { return live_; }

  // Ends when no task is left. Tasks spawned meanwhile are waited for too.
  Task<> join();

 private:
  struct Root {
    struct promise_type {
      Executor* executor = nullptr;
      Root get_return_object() {
        return {std::coroutine_handle<promise_type>::from_promise(*this)};
      }
      std::suspend_always initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() noexcept { CHECK(!"an exception escaped a task"); }
    };
    std::coroutine_handle<promise_type> handle;
  };
  static Root run(Nursery& nursery, Task<> task);
  void ended();

  Executor& executor_;
  Stop stop_;
  std::size_t live_ = 0;
  std::vector<std::coroutine_handle<>> joiners_;
};

}  // namespace posta::runtime
