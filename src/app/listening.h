// listening.h: the listeners of a configuration, in one list: from it the helper opens sockets, by
// their number in it, the server takes them, and `posta check` looks. What changes its door keeps
// its sockets: they are the same if the endpoint is.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "app/doors.h"
#include "net/asio/socket.h"

namespace posta::app {

struct Listening {
  std::string service;
  net::Endpoint endpoint;
  bool proxied = false;
  std::string str() const { return service + " " + endpoint.str(); }
  // "*" means IPv6 too where there is IPv6, and mail does not need the monitoring: such a one may
  // be missing.
  bool optional() const {
    return service == "metrics" || (endpoint.ip.is_v6() && endpoint.ip.is_any());
  }
  bool operator==(const Listening&) const = default;
};
// In the order of kDoors, then of the configuration.
std::vector<Listening> all_listeners(const Config& config);

// Sockets that are open for one of them: one for each loop, or one for all.
struct OpenListener {
  Listening what;
  std::vector<net::asio::Fd> sockets;
};

unsigned loops_of(const Config& config);

}  // namespace posta::app
