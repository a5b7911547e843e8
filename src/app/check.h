// check.h: `posta check`: what would go wrong, before it does: configuration, permissions, ports,
// store.
#pragma once

#include <string>
#include <vector>

#include "app/control.h"

namespace posta::app {

// Exit 0: nothing is wrong. One line for each thing looked at; a wrong one says what to do.
Answer check(const std::string& directory, const std::vector<std::string>& args);

}  // namespace posta::app
