// progress.h: how far long work has come, on a terminal: one line that is written over.
#pragma once

#include <string>

#include "base/limits.h"

namespace posta::app {

class Progress {
 public:
  // Says nothing where standard error is no terminal.
  Progress(std::string doing, Octets octets);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // takes the line away

  void did(Octets octets);

 private:
  const std::string doing_;
  const Octets octets_;
  const bool terminal_;
  Octets done_ = 0;
  int shown_ = -1;  // percent
};

}  // namespace posta::app
