// live.h: what only a running server knows of itself, for `posta status` and the metrics.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "mail/time.h"

namespace posta::app {

struct Live {
  WallTime since;    // of its start
  long process = 0;  // the one that signals are for: the supervisor, where there is one
  std::string listening;
  // Keys that have other values in posta.toml since the last reload, and count from the next start.
  std::vector<std::string> waiting = {};
  // Service and how many sessions it has now. Any thread.
  std::vector<std::pair<std::string, std::function<std::size_t()>>> sessions;
};

}  // namespace posta::app
