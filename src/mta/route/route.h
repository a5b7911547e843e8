// route.h: where mail for an address goes.
//
// Aliases are followed here, with loops cut at a depth and duplicates dropped; the directory says
// what an address is. Asked twice in a letter's life: at RCPT (may it be accepted?) and when it is
// delivered.
#pragma once

#include <variant>
#include <vector>

#include "directory/directory.h"
#include "mail/letter.h"
#include "mail/reply.h"

namespace posta::mta {

using runtime::Task;

struct RouteLimits {
  std::size_t alias_depth_max = 10;  // levels; beyond: 5.4.6
  std::size_t expansion_max = 1000;  // addresses that one address becomes; beyond: 4.5.3
};

// Into a mailbox of an account that lives here.
struct LocalRoute {
  directory::Account account;
  std::string detail;  // subaddress, or empty
};

// To another host, by the MX records of the domain.
struct RemoteRoute {
  Domain domain;
};

// Nowhere: what to say to who wants it.
struct NoRoute {
  Reply reply;
};

using Route = std::variant<LocalRoute, RemoteRoute, NoRoute>;

struct Destination {
  Address address;  // after aliases
  Route route;
};

class Router {
 public:
  Router(directory::Directory& directory, RouteLimits limits)
      : directory_(directory), limits_(limits) {}

  // Every place that mail for `address` goes to: at least one. A single NoRoute if there is none.
  // Error: the directory could not answer; try later.
  Task<Result<std::vector<Destination>>> resolve(Address address);

 private:
  directory::Directory& directory_;
  RouteLimits limits_;
};

}  // namespace posta::mta
