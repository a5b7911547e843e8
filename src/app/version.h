// version.h: which posta this is.
#pragma once

#include <string_view>

namespace posta::app {

inline constexpr std::string_view kVersion = POSTA_VERSION;  // from CMakeLists.txt

}  // namespace posta::app
