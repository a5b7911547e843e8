// settings_groups.h: the keys of settings.cc that have a file of their own.
#pragma once

#include <vector>

#include "app/config.h"

namespace posta::app {

std::vector<Setting> tls_settings();
std::vector<Setting> process_settings();
std::vector<Setting> imap_settings();
std::vector<Setting> service_settings();
std::vector<Setting> submission_settings();
std::vector<Setting> proxy_settings();

}  // namespace posta::app
