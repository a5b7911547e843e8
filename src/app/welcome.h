// welcome.h: the first message of a new account.
#pragma once

#include <string>

#include "app/house.h"

namespace posta::app {

runtime::Task<Result<>> send_welcome(House& house, std::string address);

}  // namespace posta::app
