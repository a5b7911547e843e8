// route.h: where mail for an address goes.
//
// Aliases are followed here, with loops cut at a depth and duplicates dropped; the directory says
// what an address is. postmaster and abuse of a domain of ours reach its postmaster if what an
// administrator has put there reaches nobody (RFC 5321 §4.5.1). Asked twice in a letter's life: at
// RCPT (may it be accepted?) and when it is delivered.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "directory/directory.h"
#include "mail/letter.h"
#include "mail/reply.h"
#include "mta/route/relay_host.h"

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

// To another host: the relay host, or by the MX records of the domain (mail_hosts.h finds it when
// the letter goes out).
struct RemoteRoute {
  Domain domain;
  std::shared_ptr<const RelayHost> relay;  // null: none

  // What goes to one place has one name: the relay's, or the domain.
  std::string destination() const { return relay ? relay->str() : domain.str(); }
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
  // `relay`: takes all mail for others; null: it goes by MX.
  Router(directory::Directory& directory, RouteLimits limits,
         std::shared_ptr<const RelayHost> relay = nullptr)
      : directory_(directory), limits_(limits), relay_(std::move(relay)) {}

  // Every place that mail for `address` goes to: at least one. What an alias names and does not
  // exist is among them, as a NoRoute.
  // Error: the directory could not answer; try later.
  Task<Result<std::vector<Destination>>> resolve(Address address);

 private:
  directory::Directory& directory_;
  RouteLimits limits_;
  std::shared_ptr<const RelayHost> relay_;
};

}  // namespace posta::mta
