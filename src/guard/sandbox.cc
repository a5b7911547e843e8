#include "guard/sandbox.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace posta::guard {

std::vector<std::string> kernel_gaps() {
  std::vector<std::string> out;
  int abi = landlock_abi();
  if (abi == 0) {
    out.push_back(
        "no Landlock (Linux 5.13 or later with lsm=landlock): files are kept from the "
        "server by their owners and modes alone");
  } else if (abi < 4) {
    out.push_back(
        fmt::format("Landlock ABI {} (Linux 6.7 has 4): the server could bind and connect "
                    "to any TCP port",
                    abi));
  } else if (abi < 6) {
    out.push_back(
        fmt::format("Landlock ABI {} (Linux 6.12 has 6): signals and abstract sockets are "
                    "not fenced",
                    abi));
  }
  if (!has_seccomp())
    out.push_back(
        "no seccomp, or it is forbidden here (SystemCallFilter= of the unit must allow it): system "
        "calls are not filtered");
  return out;
}

Result<> enter(const Walls& walls) {
  if (walls.sandbox && walls.required) {
    if (auto gaps = kernel_gaps(); !gaps.empty())
      return fail(Error::Kind::config,
                  fmt::format("sandbox = \"required\", and this kernel has {}; say \"on\" to do "
                              "without",
                              fmt::join(gaps, "; ")));
  }
  cut_bounding_set(walls.capabilities);
  TRY_VOID(become(walls.who));
  TRY_VOID(keep_capabilities(walls.capabilities));
  TRY_VOID(close_doors());
  // After the last change of ids, which would forget it.
  if (walls.parent != 0 && !end_with_parent(walls.parent))
    return fail(Error::Kind::closed, "the supervisor is gone");
  if (!walls.sandbox) return {};
  if (int abi = landlock_abi(); abi > 0) TRY_VOID(restrict_by_landlock(walls.reach, abi));
  if (has_seccomp()) TRY_VOID(restrict_by_seccomp(walls.calls));
  return {};
}

}  // namespace posta::guard
