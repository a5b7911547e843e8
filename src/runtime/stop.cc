#include "runtime/stop.h"

#include "base/check.h"

namespace posta::runtime {

Stop::~Stop() {
  CHECK(callbacks_.empty());
}

void Stop::request() {
  requested_ = true;
  while (!callbacks_.empty()) {
    Callback* callback = callbacks_.front();
    callbacks_.pop_front();
    callback->stop_ = nullptr;
    callback->run_();
  }
}

Stop::Callback::Callback(Stop* stop, std::function<void()> run) : run_(std::move(run)) {
  if (!stop) return;
  if (stop->requested_) {
    run_();
    return;
  }
  stop_ = stop;
  place_ = stop->callbacks_.insert(stop->callbacks_.end(), this);
}

Stop::Callback::~Callback() {
  if (stop_) stop_->callbacks_.erase(place_);
}

}  // namespace posta::runtime
