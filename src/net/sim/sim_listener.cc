#include "net/sim/sim_listener.h"

#include "base/check.h"

namespace posta::net::sim {

SimListener::SimListener(SimNetwork& network, const Endpoint& local)
    : network_(network), local_(local) {
  network_.listeners_[local_].push_back(this);
}

SimListener::~SimListener() {
  CHECK(!acceptor_);  // a task waits for what is being destroyed
  close();
}

bool SimListener::full() const {
  return waiting_.size() >= network_.settings_.backlog;
}

void SimListener::offer(std::unique_ptr<Transport> transport) {
  waiting_.push_back(std::move(transport));
  wake();
}

void SimListener::close() {
  if (closed_) return;
  closed_ = true;
  auto here = network_.listeners_.find(local_);
  std::erase(here->second, this);
  if (here->second.empty()) network_.listeners_.erase(here);
  waiting_.clear();
}

void SimListener::wake() {
  network_.executor_.post([self = std::weak_ptr(self_)] {
    auto alive = self.lock();
    if (!alive) return;
    if (auto handle = std::exchange((*alive)->acceptor_, nullptr)) handle.resume();
  });
}

struct SimListener::Ready {
  SimListener& listener;
  bool waiting = false;

  explicit Ready(SimListener& l) : listener(l) {}
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
  ~Ready() {
    if (waiting) listener.acceptor_ = nullptr;
  }
  bool await_ready() noexcept { return !listener.waiting_.empty(); }
  void await_suspend(std::coroutine_handle<> handle) {
    CHECK(!listener.acceptor_);  // one task at a time accepts
    waiting = true;
    listener.acceptor_ = handle;
  }
  void await_resume() noexcept { waiting = false; }
};

Task<Result<std::unique_ptr<Transport>>> SimListener::accept(Stop* stop) {
  for (;;) {
    if (stop && stop->requested()) co_return fail(Error::Kind::cancelled, "no longer accepting");
    if (!waiting_.empty()) {
      auto transport = std::move(waiting_.front());
      waiting_.pop_front();
      co_return std::move(transport);
    }
    runtime::Stop::Callback on_stop(stop, [this] { wake(); });
    co_await Ready(*this);
  }
}

}  // namespace posta::net::sim
