// admin.h: the daily commands: account, domain, alias, queue.
//
// One function answers, whether the running server was asked through its control socket or the
// store was opened for the purpose; what it prints is the same. `--json` prints for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/control.h"
#include "app/house.h"

namespace posta::app {

bool is_admin_command(const std::string& command);

// --help and mistakes that need no server to be seen: the text to print. Nothing: run it.
std::optional<Answer> admin_usage(const std::vector<std::string>& args);

// Runs on an executor of the house.
runtime::Task<Answer> administer(House& house, Request request);

}  // namespace posta::app
