// tool.h: `posta tool`: what posta makes of a file, without a server.
//
//   posta tool mime FILE     structure, ENVELOPE and BODYSTRUCTURE as IMAP says them, decoded
//   header, as JSON
#pragma once

#include <string>
#include <vector>

#include "app/control.h"

namespace posta::app {

Answer tool(std::vector<std::string> args);

}  // namespace posta::app
