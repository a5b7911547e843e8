// handed.h: what a server that may not read files gets from who may: the configuration as text, and
// the contents of the files in it that are secret (keys).
//
// The same program writes and reads it within one run, so the form has no versions: a Writer's
// fields, in a sealed file in memory (guard/descriptor.h).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"

namespace posta::app {

struct Handed {
  std::string config_text;
  std::map<std::string, std::string> files;  // by absolute path
};

inline constexpr Octets kHandedOctetsMax = 64_MiB;
inline constexpr Octets kHandedFileOctetsMax = 1_MiB;

std::string print_handed(const Handed& handed);
Result<Handed> parse_handed(std::string_view octets);

// The files that a configuration names and that the server cannot open itself.
std::vector<std::string> private_files(const Config& config);
// Reads them. A file that cannot be read is left out; who needs it says so.
Handed read_private_files(const Config& config);

// The contents of one: as it was handed over, or, to a process that may, from the disk.
// Error{config}.
Result<std::string> read_private_file(const Config& config, const std::string& path);

}  // namespace posta::app
