// seccomp.h: which system calls a process may still make (seccomp(2)).
//
// Three answers. What the lists in seccomp.cc name is allowed. What nobody but an attacker asks of
// a mail server (execve, ptrace, mount, bpf, …) ends the process at once: it has been taken over,
// and the supervisor says so and starts a clean one. Anything else is EPERM and a line in the
// kernel's log for the server, so that a call that was forgotten here costs one operation and not
// the service; the helper, which does very little, is ended by it.
#pragma once

#include <vector>

#include "base/result.h"

namespace posta::guard {

enum class Calls { server, helper };

// Whether the kernel filters system calls at all.
bool has_seccomp();

// Needs no_new_privs. For this thread and those it starts, for good.
Result<> restrict_by_seccomp(Calls calls);

}  // namespace posta::guard
