// child.h: what a process does first after fork(2), and how one ended.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

namespace posta::guard {

// In the child: a session of its own (a terminal's Ctrl-C is for the parent to pass on), no signal
// blocked, SIGHUP ignored, and every descriptor closed but 0, 1, 2 and `kept`. Objects of the
// parent that own descriptors must not be touched any more; the child leaves by _exit(2).
void begin_child(std::span<const int> kept);

// What ps(1) shows; 15 octets at most.
void name_process(const char* name);

// "exit code 3", "signal 9 (Killed)"; of a status of waitpid(2).
std::string describe_end(int status);

}  // namespace posta::guard
