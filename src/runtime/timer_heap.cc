#include "runtime/timer_heap.h"

#include "base/check.h"

namespace posta::runtime {

void TimerHeap::place(std::size_t slot, Timer* timer) {
  heap_[slot] = timer;
  timer->slot = slot;
}

void TimerHeap::up(std::size_t slot) {
  Timer* timer = heap_[slot];
  while (slot > 0) {
    std::size_t parent = (slot - 1) / 2;
    if (!before(timer, heap_[parent])) break;
    place(slot, heap_[parent]);
    slot = parent;
  }
  place(slot, timer);
}

void TimerHeap::down(std::size_t slot) {
  Timer* timer = heap_[slot];
  for (;;) {
    std::size_t child = 2 * slot + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], timer)) break;
    place(slot, heap_[child]);
    slot = child;
  }
  place(slot, timer);
}

void TimerHeap::add(Timer& timer) {
  CHECK(!timer.pending());
  timer.order = ++added_;
  heap_.push_back(&timer);
  timer.slot = heap_.size() - 1;
  up(timer.slot);
}

void TimerHeap::remove(Timer& timer) {
  if (!timer.pending()) return;
  std::size_t slot = timer.slot;
  timer.slot = Timer::kIdle;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(slot, last);
  up(slot);
  down(last->slot);
}

}  // namespace posta::runtime
