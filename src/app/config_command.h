// config_command.h: posta config show | explain KEY: every key, its value and its meaning.
#pragma once

#include <string>
#include <vector>

#include "app/control.h"

namespace posta::app {

Answer config_command(const std::string& directory, const std::vector<std::string>& args);

}  // namespace posta::app
