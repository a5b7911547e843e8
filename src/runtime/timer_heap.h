// timer_heap.h: pending timers, the earliest first. For executors.
#pragma once

#include <vector>

#include "runtime/executor.h"

namespace posta::runtime {

class TimerHeap {
 public:
  void add(Timer& timer);
  void remove(Timer& timer);
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Timer& first() const { return *heap_.front(); }

 private:
  bool before(const Timer* a, const Timer* b) const {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
  }
  void place(std::size_t slot, Timer* timer);
  void up(std::size_t slot);
  void down(std::size_t slot);

  std::vector<Timer*> heap_;
  std::uint64_t added_ = 0;
};

}  // namespace posta::runtime
