#include "base/check.h"

#include <execinfo.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace posta::detail {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "posta: CHECK failed: %s at %s:%d\n", expression, file, line);
  std::fflush(stderr);
  void* frames[64];
  int count = backtrace(frames, 64);
  backtrace_symbols_fd(frames, count, STDERR_FILENO);
  std::abort();
}

}  // namespace posta::detail
