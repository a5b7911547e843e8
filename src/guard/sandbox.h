// sandbox.h: the walls around a process: who it is, what it can reach, what it may ask the kernel.
//
// In this order: ids, capabilities, no_new_privs, Landlock, seccomp. Before the first thread. What
// the kernel cannot give is said by kernel_gaps() and, under `required`, an Error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/landlock.h"
#include "guard/privileges.h"
#include "guard/seccomp.h"

namespace posta::guard {

struct Walls {
  Identity who;                   // whom to become
  std::vector<int> capabilities;  // what is kept of them
  LandlockRules reach;
  Calls calls = Calls::server;
  pid_t parent = 0;       // this process ends when that one does; 0: not so
  bool sandbox = true;    // false: ids, capabilities and doors alone
  bool required = false;  // a kernel that cannot do all of it is an Error
};

// What this kernel lacks, in words; empty: nothing.
std::vector<std::string> kernel_gaps();

// For good. Error: the process must not go on.
Result<> enter(const Walls& walls);

}  // namespace posta::guard
