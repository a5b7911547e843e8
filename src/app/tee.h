// tee.h: events go to all who look at them: the log, the counters, the trace.
#pragma once

#include <atomic>

#include "base/events.h"

namespace posta::app {

class Tee final : public Events {
 public:
  Tee(Events& first, Events& second) : first_(first), second_(second) {}

  // The third comes later, since it stands on a store that emits events of its own.
  void add(Events& third) { third_.store(&third); }
  void remove_third() { third_.store(nullptr); }

  void emit(const Event& event) override {
    first_.emit(event);
    second_.emit(event);
    if (Events* third = third_.load(std::memory_order_acquire)) third->emit(event);
  }

 private:
  Events& first_;
  Events& second_;
  std::atomic<Events*> third_{nullptr};
};

}  // namespace posta::app
