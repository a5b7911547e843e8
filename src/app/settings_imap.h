// settings_imap.h: one group of the list of settings (settings.cc).
#pragma once

#include <vector>

#include "app/config.h"

namespace posta::app {

std::vector<Setting> imap_settings();

}  // namespace posta::app
