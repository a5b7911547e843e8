// outside.h: a command reaches the server that runs, or the store where none does.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/control.h"
#include "app/house.h"

namespace posta::app {

// Answers administrative requests: by the running server, or by opening the store here, once, for
// as long as this lives. Error{conflict} says who else has the store.
class Outside {
 public:
  // Root opens the store as the server's user, so that no file in it becomes root's; `as_root` for
  // who must write elsewhere afterwards, and then hands the store back (walls.h).
  // A configuration that is wrong is an Error only where no server runs.
  Outside(std::string directory, Result<Config> config, bool as_root = false)
      : directory_(std::move(directory)), config_(std::move(config)), as_root_(as_root) {}
  Result<Answer> ask(Request request);

 private:
  std::string directory_;
  Result<Config> config_;
  bool as_root_;
  std::unique_ptr<House> house_;
};

// A configuration as a command on the store needs it, which speaks for itself and sends no mail:
// secrets that only mail for others needs (they may be root's alone) are not asked for.
Config for_command(Config config);

// An administrative command as it was typed: the whole list, page after page, unless --limit says
// how much. Prints; returns the exit code.
int run_outside(const std::string& directory, std::vector<std::string> args);

int print(const Answer& answer);

}  // namespace posta::app
