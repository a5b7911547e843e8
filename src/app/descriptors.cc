#include "app/descriptors.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

namespace posta::app {

std::uint64_t descriptors_max() {
  rlimit limit{};
  // RLIM_INFINITY is the largest number there is.
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 1024;
}

// The lowest number that is free: descriptors that are closed leave no gaps for long.
std::uint64_t descriptors_open() {
  int number = eventfd(0, EFD_CLOEXEC);
  if (number < 0) return 0;
  close(number);
  return static_cast<std::uint64_t>(number);
}

}  // namespace posta::app
