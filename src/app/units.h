// units.h: sizes and times as people write them in posta.toml: "50MiB", "5m", "30d".
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"

namespace posta::app {

Result<Octets> parse_size(std::string_view text);  // 0, 512, 64KiB, 50MiB, 2GiB
std::string print_size(Octets octets);
Result<std::chrono::seconds> parse_time(std::string_view text);  // 90s, 5m, 4h, 30d
std::string print_time(std::chrono::seconds time);

// "1 letter", "2 letters".
std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace posta::app
