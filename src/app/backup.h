// backup.h: `posta backup` and `posta restore` (docs/formats/backup.md).
//
//   backup   configuration, certificates, drop/      then      a checkpoint of the store
//            DIR.part ── everything copied, summed, synced ── manifest ──rename──> DIR
//   restore  manifest and all files verified ── copied to DIR.part, synced ──rename──> server DIR
//
// What has its name is whole: a crash or a full disk leaves only something that ends in .part.
#pragma once

#include <string>
#include <vector>

#include "app/control.h"

namespace posta::app {

// posta backup DIR
Answer backup(const std::string& server, const std::vector<std::string>& args);
// posta restore DIR [--force] [--verify]
Answer restore(const std::string& server, const std::vector<std::string>& args);

}  // namespace posta::app
