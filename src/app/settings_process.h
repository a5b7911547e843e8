// settings_process.h: the keys of settings_process.cc.
#pragma once

#include <vector>

#include "app/config.h"

namespace posta::app {

std::vector<Setting> process_settings();

}  // namespace posta::app
