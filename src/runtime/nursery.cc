#include "runtime/nursery.h"

namespace posta::runtime {

Nursery::~Nursery() {
  CHECK(live_ == 0 && joiners_.empty());
}

Nursery::Root Nursery::run(Nursery& nursery, Task<> task) {
  {
    Task<> owned = std::move(task);
    co_await std::move(owned);
  }
  nursery.ended();
}

void Nursery::spawn(Task<> task) {
  Root root = run(*this, std::move(task));
  root.handle.promise().executor = &executor_;
  ++live_;
  executor_.post(root.handle);
}

void Nursery::ended() {
  if (--live_ > 0) return;
  for (auto joiner : std::exchange(joiners_, {})) executor_.post(joiner);
}

Task<> Nursery::join() {
  struct Wait {
    Nursery& nursery;
    bool await_ready() noexcept { return nursery.live_ == 0; }
    void await_suspend(std::coroutine_handle<> self) { nursery.joiners_.push_back(self); }
    void await_resume() noexcept {}
  };
  while (live_ > 0) co_await Wait{*this};
}

}  // namespace posta::runtime
