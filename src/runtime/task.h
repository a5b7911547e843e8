// task.h: a coroutine that yields one value, or nothing.
//
//   Task<Result<int>> answer() { co_return 42; }
//   auto n = co_await answer();
//
// Lazy: nothing runs before it is awaited (or spawned into a Nursery), and it runs on the executor
// of whoever awaits it; `co_await this_executor()` tells which. Awaiting transfers control
// directly, so long chains use no stack. A task that is dropped before it ran costs nothing; one
// that has begun must end before its owner does. Nothing throws: an exception that escapes a task
// is a bug (CHECK).
//
// Rules (docs/design/0001): parameters by value, or by reference only to what outlives the await;
// no capturing lambda as a coroutine unless the lambda is a named local that outlives it; no lock,
// and no iterator into a shared container, held over co_await.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/check.h"
#include "runtime/executor.h"

namespace posta::runtime {

namespace detail {

// What every task's promise knows: who waits for it, and where it runs.
struct PromiseBase {
  std::coroutine_handle<> continuation;
  Executor* executor = nullptr;

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      return self.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { CHECK(!"an exception escaped a task"); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  auto get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  template <class U = T>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  auto get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  void return_void() {}
  void take() {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { destroy(); }

  struct Awaiter {
    Handle handle;
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) noexcept {
      handle.promise().continuation = parent;
      handle.promise().executor = parent.promise().executor;
      return handle;
    }
    T await_resume() { return handle.promise().take(); }
  };
  Awaiter operator co_await() && {
    CHECK(handle_);
    return Awaiter{handle_};
  }

 private:
  void destroy() {
    if (handle_) handle_.destroy();
  }
  Handle handle_;
};

namespace detail {

struct ThisExecutor {
  Executor* executor = nullptr;
  bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    executor = self.promise().executor;
    return false;
  }
  Executor& await_resume() noexcept { return *executor; }
};

struct Yield {
  bool await_ready() noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> self) {
    self.promise().executor->post(self);
  }
  void await_resume() noexcept {}
};

}  // namespace detail

// co_await this_executor(): the executor of the running task. Does not suspend.
inline detail::ThisExecutor this_executor() {
  return {};
}

// co_await yield(): lets everybody else who is ready run first. Long loops do it every millisecond.
inline detail::Yield yield() {
  return {};
}

}  // namespace posta::runtime
