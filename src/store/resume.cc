#include "store/resume.h"

#include "base/check.h"

namespace posta::store {

namespace {

// A step that resumes several tasks; owns itself.
struct Together {
  struct promise_type {
    Together get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { CHECK(!"an exception escaped a task"); }
  };
  std::coroutine_handle<promise_type> handle;
};

Together together(std::array<std::coroutine_handle<>, kResumedTogether> tasks, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) tasks[i].resume();
  co_return;
}

}  // namespace

void resume_all(std::vector<Resumption> tasks, bool coalesce) {
  if (!coalesce || tasks.size() == 1) {
    for (Resumption& task : tasks) task.executor->post(task.handle);
    return;
  }
  std::array<std::coroutine_handle<>, kResumedTogether> chunk;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    runtime::Executor* executor = tasks[i].executor;
    if (!executor) continue;  // went with an earlier one
    std::size_t count = 0;
    for (std::size_t k = i; k < tasks.size() && count < kResumedTogether; ++k) {
      if (tasks[k].executor != executor) continue;
      chunk[count++] = tasks[k].handle;
      tasks[k].executor = nullptr;
    }
    if (count == 1) {
      executor->post(chunk[0]);
    } else {
      executor->post(together(chunk, count).handle);
    }
  }
}

}  // namespace posta::store
