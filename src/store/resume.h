// resume.h: waking many tasks at once.
#pragma once

#include <coroutine>
#include <vector>

#include "runtime/executor.h"

namespace posta::store {

struct Resumption {
  runtime::Executor* executor;
  std::coroutine_handle<> handle;
};

// Resumes each task on its own executor, in this order for each executor. If `coalesce`, up to
// kResumedTogether of one executor share one posted step.
inline constexpr std::size_t kResumedTogether = 16;  // tasks
void resume_all(std::vector<Resumption> tasks, bool coalesce);

}  // namespace posta::store
