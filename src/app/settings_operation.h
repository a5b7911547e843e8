// settings_groups.h: the groups of settings that settings.cc puts together.
#pragma once

#include <vector>

#include "app/config.h"

namespace posta::app {

std::vector<Setting> operation_settings();

}  // namespace posta::app
