// settings_operation.h: keys of operating: log, trace, metrics, who is turned away.
#pragma once

#include <vector>

#include "app/config.h"

namespace posta::app {

std::vector<Setting> operation_settings();

}  // namespace posta::app
