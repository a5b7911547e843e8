// time.h: instants, as values. Who asks for the time asks runtime::Executor.
#pragma once

#include <chrono>

namespace posta {

using Duration = std::chrono::nanoseconds;
// The time of day (UTC), to the millisecond: what is stored, logged and shown. May jump.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
// Time that only grows, since an unknown beginning: timeouts, schedules within one run.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

}  // namespace posta
