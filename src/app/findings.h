// findings.h: what `posta check` has looked at: a line each, and what to do about what is wrong.
#pragma once

#include <string>
#include <vector>

#include "app/control.h"

namespace posta::app {

class Findings {
 public:
  void good(std::string what) { all_.push_back({Kind::good, std::move(what)}); }
  // Nothing is wrong, but you may want to know.
  void note(std::string what) { all_.push_back({Kind::note, std::move(what)}); }
  // Says what is wrong and what to do.
  void bad(std::string what) { all_.push_back({Kind::bad, std::move(what)}); }

  // Exit 1 if something is wrong.
  Answer answer(bool json) const;

 private:
  enum class Kind { good, note, bad };
  struct One {
    Kind kind;
    std::string what;
  };
  std::vector<One> all_;
};

}  // namespace posta::app
