// stop.h: asking tasks to end.
//
// A Stop is asked once and stays asked. Whoever waits registers a callback that ends the wait. All
// on one executor's thread. Callbacks run inside request(), in the order in which they were
// registered.
#pragma once

#include <functional>
#include <list>

namespace posta::runtime {

class Stop {
 public:
  Stop() = default;
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;
  ~Stop();

  bool requested() const { return requested_; }
  void request();

  class Callback {
   public:
    // Runs at once if the stop is requested already. A null stop never asks.
    Callback(Stop* stop, std::function<void()> run);
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;
    ~Callback();

   private:
    friend class Stop;
    Stop* stop_ = nullptr;
    std::function<void()> run_;
    std::list<Callback*>::iterator place_;
  };

 private:
  bool requested_ = false;
  std::list<Callback*> callbacks_;
};

}  // namespace posta::runtime
