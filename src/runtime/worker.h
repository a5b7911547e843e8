// worker.h: what may block runs elsewhere.
//
//   auto hash = co_await on_worker([password] { return argon2(password); });
//
// The job runs on the bounded worker pool (in simulation: as a step of its own) and the task goes
// on with its result on its own executor. If the pool's queue is full the Error is `unavailable`:
// overload is a temporary failure, never a wrong answer. The job must not touch what its executor
// owns.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "runtime/executor.h"
#include "runtime/task.h"

namespace posta::runtime {

namespace detail {

template <class F>
struct Offload {
  F& job;
  std::optional<std::invoke_result_t<F>> value;
  bool taken = true;

  bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    Executor* executor = self.promise().executor;
    bool ok = executor->offload([this, self, executor] {
      value.emplace(job());
      executor->post(self);
    });
    if (!ok) taken = false;  // nobody else touches this then
    return ok;
  }
  void await_resume() noexcept {}
};

}  // namespace detail

template <class F>
Task<Result<std::invoke_result_t<F>>> on_worker(F job) {
  detail::Offload<F> offload{job, std::nullopt};
  co_await offload;
  if (!offload.taken)
    co_return fail(Error::Kind::unavailable, "too busy: the worker queue is full");
  co_return std::move(*offload.value);
}

}  // namespace posta::runtime
