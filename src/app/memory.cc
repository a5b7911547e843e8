#include "app/memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "base/text.h"

namespace posta::app {

namespace {

Octets find_out() {
  long pages = sysconf(_SC_PHYS_PAGES), octets = sysconf(_SC_PAGESIZE);
  Octets memory = pages > 0 && octets > 0 ? static_cast<Octets>(pages) * static_cast<Octets>(octets)
                                          : std::numeric_limits<Octets>::max();
  std::ifstream in("/sys/fs/cgroup/memory.max");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  return std::min(memory, group_limit(text).value_or(memory));
}

}  // namespace

Octets memory_here() {
  static const Octets found = find_out();
  return found;
}

Octets usual_cache(Octets memory) {
  constexpr Octets kShare = 16;
  const Octets share = memory / kShare / 1_MiB * 1_MiB;
  return std::clamp<Octets>(share, 64_MiB, 512_MiB);
}

std::optional<Octets> group_limit(std::string_view text) {
  return to_number<Octets>(trim(text));
}

}  // namespace posta::app
