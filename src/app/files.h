// files.h: files on the disk, for commands: written whole, synced, read with a bound.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace posta::app {

// A path as somebody typed it: absolute, without "." and "..", whether it is there or not. Error:
// it is empty, or the working directory is gone.
Result<std::string> whole_path(const std::string& typed);

// errno in words: "cannot read PATH: …". Of what is not permitted, who may: its owner, and root.
Failure cannot(const std::string& doing, const std::string& path);

// A new file, whole and on stable storage: written beside its place, synced, renamed, and the
// folder synced. `like`: who shall own it (where we may give files away); empty: we.
Result<> write_file_whole(const std::string& path, std::string_view octets,
                          const std::string& like = {});
Result<> sync_folder(const std::string& path);

// Error{limit}: it is longer than `octets_max`.
Result<std::string> read_file(const std::string& path, Octets octets_max);

struct Summed {
  Octets octets = 0;
  std::uint32_t crc = 0;  // CRC-32C
};
// Reads a file, and copies it to `to` unless that is empty: with its mode, its owner (where we may)
// and its octets on stable storage. `told` hears how many octets were read, now and then.
Result<Summed> sum_file(const std::string& from, const std::string& to,
                        const std::function<void(Octets)>& told);

// Plain files below a folder, as paths relative to it, in order. Folders for which `leave_out`
// (relative path) is true are not entered, files not listed. What is neither is left out.
Result<std::vector<std::string>> list_files(
    const std::string& folder, const std::function<bool(const std::string&)>& leave_out);

}  // namespace posta::app
