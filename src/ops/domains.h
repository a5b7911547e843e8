// domains.h: domains of this server are added, set, shown and removed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory/directory.h"

namespace posta::ops {

using runtime::Task;

// What is shown of a domain.
struct DomainState {
  directory::DomainInfo domain;
  std::optional<Address> postmaster;  // who answers for it now; nothing: nobody yet
};

// What is to be different; nothing: stays as it is.
struct DomainSetting {
  std::optional<Address> postmaster = {};  // an account; an empty address: the system's from now on
  std::optional<std::optional<Address>> catch_all = {};
  std::optional<char> separator = {};
  bool make_default = false;
};

class Domains {
 public:
  Domains(store::Store& store, directory::Directory& directory)
      : store_(store), directory_(directory) {}

  Task<Result<DomainState>> add(Domain name, DomainSetting setting);
  Task<Result<DomainState>> set(Domain name, DomainSetting setting);
  Task<Result<>> remove(Domain name);  // conflict while accounts or aliases have it
  Task<Result<DomainState>> show(Domain name);
  Task<Result<std::vector<DomainState>>> list();

 private:
  Task<Result<AccountId>> account_of(Address address);
  Task<Result<DomainState>> state_of(directory::DomainInfo domain);

  store::Store& store_;
  directory::Directory& directory_;
};

}  // namespace posta::ops
