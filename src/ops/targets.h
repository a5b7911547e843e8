// targets.h: does mail that an alias or a catch-all leads on arrive anywhere?
#pragma once

#include <string>
#include <vector>

#include "directory/directory.h"

namespace posta::ops {

using runtime::Task;

// "*@domain", as directory::IsAlias names it.
Address catch_all_of(const Domain& domain);

// Empty: each of `targets`, followed through all aliases, is an account here or lives elsewhere.
// Else what is wrong with those that are neither, in words. `alias`: whose they are, or
// catch_all_of().
Task<Result<std::vector<std::string>>> trouble_with(directory::Directory& directory, Address alias,
                                                    std::vector<Address> targets);

// The same of every alias and catch-all: "info@example.org: ann@example.org does not exist here".
Task<Result<std::vector<std::string>>> dead_ends(directory::Directory& directory);
// Of these, what leads to `address`, with or without a detail: for who has just removed it.
Task<Result<std::vector<std::string>>> dead_ends_at(directory::Directory& directory,
                                                    Address address);

}  // namespace posta::ops
