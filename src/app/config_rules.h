// config_rules.h: what keys of posta.toml must be together.
#pragma once

#include "app/config.h"

namespace posta::app {

// Error{config} with the line of the key that could be changed.
Result<> check_rules(const Config& config);

}  // namespace posta::app
