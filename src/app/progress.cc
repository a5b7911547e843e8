#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace posta::app {

Progress::Progress(std::string doing, Octets octets)
    : doing_(std::move(doing)), octets_(octets), terminal_(isatty(2) == 1) {
  did(0);
}

Progress::~Progress() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::did(Octets octets) {
  done_ += octets;
  int percent = octets_ == 0 ? 100 : static_cast<int>(100.0 * double(done_) / double(octets_));
  if (!terminal_ || percent == shown_) return;
  shown_ = percent;
  std::string line = fmt::format("\r{} {} MiB of {}, {} %", doing_, done_ >> 20, octets_ >> 20,
                                 std::min(percent, 100));
  std::fputs(line.c_str(), stderr);
}

}  // namespace posta::app
