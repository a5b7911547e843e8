// restarts.h: when to start again what has died, and when to stop trying.
//
// The first crash in a long time is answered at once; each further one within the same minute waits
// twice as long as the one before, up to `pause_max`. More than `crashes_max` in a minute: give up,
// since starting again does not help and would hide the trouble.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "mail/time.h"

namespace posta::guard {

class Restarts {
 public:
  struct Limits {
    unsigned crashes_max = 10;  // in kWindow; 0: never give up
    Duration pause_max = std::chrono::seconds(5);
  };
  static constexpr std::chrono::minutes kWindow{1};
  static constexpr std::chrono::milliseconds kPauseFirst{100};

  explicit Restarts(Limits limits) : limits_(limits) {}

  // How long to wait before the next start; nothing: give up.
  std::optional<Duration> after_crash(Instant now);
  void set_limits(Limits limits) { limits_ = limits; }

 private:
  Limits limits_;
  std::deque<Instant> recent_;  // the crashes of the last minute; bounded, see the code
};

}  // namespace posta::guard
