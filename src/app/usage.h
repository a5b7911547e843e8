// usage.h: what posta says of itself when asked, and when it does not understand.
#pragma once

#include <string>

namespace posta::app {

std::string usage();
std::string unknown_command(const std::string& command);

}  // namespace posta::app
