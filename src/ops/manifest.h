// manifest.h: what is in a backup (docs/formats/backup.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace posta::ops {

struct Manifest {
  struct File {
    std::string path;  // below `server/`; see is_safe_path
    Octets octets = 0;
    std::uint32_t crc = 0;
    friend bool operator==(const File&, const File&) = default;
  };
  std::string made;   // when, as text
  std::string posta;  // the version that made it
  std::string host;
  std::string store;        // the store's folder, below `server/`
  std::vector<File> files;  // in the order of their paths
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

std::string print_manifest(const Manifest& manifest);
// Error{corrupt}: it is not what was written. Error{config}: a version that is not known.
Result<Manifest> parse_manifest(std::string_view text);

// Relative, without empty parts, "." and "..": joined to a folder it stays inside.
bool is_safe_path(std::string_view path);

}  // namespace posta::ops
