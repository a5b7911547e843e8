// aliases.h: aliases, exact and patterns ("info-*@example.org"), are added, set, listed and
// removed.
#pragma once

#include <string>
#include <vector>

#include "directory/directory.h"

namespace posta::ops {

using runtime::Task;

class Aliases {
 public:
  Aliases(store::Store& store, directory::Directory& directory)
      : store_(store), directory_(directory) {}

  Task<Result<>> add(directory::Alias alias);
  Task<Result<>> set(directory::Alias alias);  // all its targets anew
  Task<Result<>> remove(Address address);
  // In order of address, patterns after all others; after `after` (exclusive), at most `limit`.
  Task<Result<std::vector<directory::Alias>>> list(std::string after, std::size_t limit);

 private:
  store::Store& store_;
  directory::Directory& directory_;
};

}  // namespace posta::ops
