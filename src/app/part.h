// part.h: a directory that is being made, DIR.part until it is whole and gets its name.
//
// What an interrupted one has left is removed by the next, so it carries a mark: nothing is removed
// that we have not made.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace posta::app {

inline constexpr const char* kPartMark = "posta-part";

// Makes it anew, for its owner alone. Error{conflict}: something else has the name.
Result<> begin_part(const std::filesystem::path& part);
// It is whole: takes the mark away, on stable storage.
Result<> end_part(const std::filesystem::path& part);

}  // namespace posta::app
