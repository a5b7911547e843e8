// reload.h: what a new configuration changes in a server that runs, and what waits for a restart.
//
// SIGHUP: posta.toml and the certificates are read and checked whole. If something is wrong with
// them the old ones stay in force, and the log says what and where. Else: connections go on as they
// began; new ones find the new values; listeners open and close. What was fixed at start (the
// store, the loops, who the server is) is named in the log with "restart to apply".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"

namespace posta::app {

// True if a change of this key takes effect without a restart.
bool is_live(std::string_view setting);

// Keys whose values differ, less those that are live; and those that name a file which is read at
// the start only and has other contents now.
std::vector<std::string> need_restart(const Config& started, const Config& fresh);
// All keys whose values differ.
std::vector<std::string> changed(const Config& before, const Config& fresh);

}  // namespace posta::app
