// figures.h: how the server is, in numbers: for GET /metrics, GET /healthz and `posta status`.
#pragma once

#include <string>
#include <vector>

#include "app/house.h"
#include "ops/metrics.h"

namespace posta::app {

// Octets of memory that this process has now; the most it has had where that is not known.
Octets memory_octets();

// The letter that waits longest: when it came; nothing if none is owed.
runtime::Task<std::optional<WallTime>> oldest_letter(House& house);

runtime::Task<std::vector<ops::Metric>> figures(House& house);

// Empty: mail can be taken. Else why not, in one line.
runtime::Task<std::string> trouble(House& house);

}  // namespace posta::app
