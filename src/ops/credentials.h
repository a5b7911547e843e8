// credentials.h: what an account logs in with, and whom it may send as.
//
// Addresses without a domain mean the default domain. Errors as in accounts.h.
#pragma once

#include <string>
#include <vector>

#include "directory/directory.h"

namespace posta::ops {

using runtime::Task;

class Credentials {
 public:
  Credentials(store::Store& store, directory::Directory& directory)
      : store_(store), directory_(directory) {}

  // By its owner, who knows the old one. Error{denied}: that is not the old one, or the account is
  // switched off. An app password is not enough.
  Task<Result<>> change_password(Address address, std::string old_password,
                                 std::string new_password, bool force = false);

  // The number of the new one.
  Task<Result<std::uint32_t>> add_app_password(Address address, directory::NewAppPassword password);
  Task<Result<>> remove_app_password(Address address, std::uint32_t number);
  Task<Result<std::vector<directory::AppPassword>>> app_passwords(Address address);

  Task<Result<>> grant(Address address, directory::Grant sender);
  Task<Result<>> revoke(Address address, directory::Grant sender);
  Task<Result<std::vector<directory::Grant>>> grants(Address address);

 private:
  Task<Result<directory::Account>> existing(Address address);

  store::Store& store_;
  directory::Directory& directory_;
};

}  // namespace posta::ops
