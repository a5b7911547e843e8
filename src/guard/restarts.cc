#include "guard/restarts.h"

#include <algorithm>

namespace posta::guard {

namespace {

constexpr std::size_t kRememberedMax = 10'000;  // more in a minute cannot happen: fork takes longer

}  // namespace

std::optional<Duration> Restarts::after_crash(Instant now) {
  while (!recent_.empty() && recent_.front() + kWindow <= now) recent_.pop_front();
  if (recent_.size() == kRememberedMax) recent_.pop_front();
  recent_.push_back(now);
  if (limits_.crashes_max != 0 && recent_.size() > limits_.crashes_max) return std::nullopt;
  if (recent_.size() == 1) return Duration::zero();
  auto doublings = std::min<std::size_t>(recent_.size() - 2, 16);
  return std::min<Duration>(kPauseFirst * (1 << doublings), limits_.pause_max);
}

}  // namespace posta::guard
