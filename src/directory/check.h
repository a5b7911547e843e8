// check.h: is the directory in the store what its document says? (docs/formats/directory.md)
//
// Decodes every record below D/ and compares them with each other: accounts and the addresses that
// lead to them, domains, counts, credentials, who answers for postmaster. For tests, the simulator
// and `posta check --store`. Reads the whole directory and keeps an entry for each account.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace posta::directory {

// What is wrong, in words; nothing if all is well. Error: it could not be read.
runtime::Task<Result<std::vector<std::string>>> check_directory(
    std::shared_ptr<const store::Snapshot> snapshot);

}  // namespace posta::directory
