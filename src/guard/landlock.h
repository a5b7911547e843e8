// landlock.h: which files and ports a process can still reach (landlock(7)), by bare system calls.
//
// Everything that the kernel's version of Landlock can restrict is denied, but for the rules.
// Executing files is never allowed. The restriction holds for the calling thread and what it
// starts, for good; descriptors that are open already stay usable, which is how sockets and keys
// come in.
//
//   ABI 1  files and folders     4  TCP bind and connect
//   2      moving between folders   5  ioctl on devices
//   3      truncation               6  signals and abstract sockets of others
//                                   7  (more about logging only)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace posta::guard {

struct LandlockRules {
  // The path and everything below it. One that does not exist is left out.
  std::vector<std::string> read;
  std::vector<std::string> read_and_write;
  std::vector<std::uint16_t> connect_ports;  // ports that TCP connections may go to
  bool every_port = false;                   // connect anywhere
  bool binds = false;                        // may bind TCP ports; else none
};

inline constexpr int kLandlockAbiMax = 7;  // what the code below knows

// 0: the kernel has no Landlock, or it is switched off.
int landlock_abi();

// Needs no_new_privs. `abi` from landlock_abi(), or lower.
Result<> restrict_by_landlock(const LandlockRules& rules, int abi);

}  // namespace posta::guard
