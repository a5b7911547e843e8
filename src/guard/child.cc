#include "guard/child.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <vector>

namespace posta::guard {

void begin_child(std::span<const int> kept) {
  setsid();
  for (int signal : {SIGTERM, SIGINT, SIGCHLD}) std::signal(signal, SIG_DFL);
  // Who signals "read the configuration again" means the parent; it must kill nobody.
  std::signal(SIGHUP, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<int> in_order(kept.begin(), kept.end());
  in_order.insert(in_order.end(), {0, 1, 2});
  std::ranges::sort(in_order);
  unsigned next = 0;
  for (int fd : in_order) {
    if (fd < 0) continue;
    auto here = static_cast<unsigned>(fd);
    if (here > next) close_range(next, here - 1, 0);
    next = std::max(next, here + 1);
  }
  close_range(next, ~0U, 0);
}

void name_process(const char* name) {
  prctl(PR_SET_NAME, name, 0, 0, 0);
}

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) {
    std::string words =
        fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (WTERMSIG(status) == SIGSYS) words += ": a system call that only an attacker would make";
    return words;
  }
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace posta::guard
