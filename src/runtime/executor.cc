#include "runtime/executor.h"

#include <cstring>

namespace posta::runtime {

std::uint64_t Executor::random() {
  unsigned char octets[8];
  fill_random(octets);
  std::uint64_t value;
  std::memcpy(&value, octets, sizeof value);
  return value;
}

}  // namespace posta::runtime
