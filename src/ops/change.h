// change.h: a change is prepared and committed until nobody else was faster.
#pragma once

#include "base/result.h"
#include "runtime/sleep.h"
#include "store/store.h"

namespace posta::ops {

using runtime::Task;

// Tries of one change before it gives up with Error{unavailable}.
inline constexpr int kTriesMax = 32;

// `prepare(batch)` is a Task<Result<...>> that reads afresh and fills the batch; it is called once
// a try and must outlive this task. Between tries it waits a little, by chance, so that two who
// disturb each other part company.
template <class Prepare>
Task<Result<>> change(store::Store& store, Prepare& prepare) {
  runtime::Executor& executor = co_await runtime::this_executor();
  for (int tried = 1;; ++tried) {
    store::Batch batch;
    auto prepared = co_await prepare(batch);
    if (!prepared) co_return Failure(std::move(prepared).error());
    CO_TRY(auto done, co_await store.commit(std::move(batch)));
    if (done.ok()) co_return {};
    if (tried == kTriesMax)
      co_return fail(Error::Kind::unavailable, "too many changes at the same time: try again");
    auto longest = static_cast<std::uint64_t>(std::min(tried, 10)) * 1000;
    co_await runtime::sleep_for(std::chrono::microseconds(1 + executor.random() % longest));
  }
}

}  // namespace posta::ops
