// settings_proxy.cc: doors for connections that proxies bring, and who these proxies are.

#include "app/doors.h"
#include "app/setting_kinds.h"
#include "app/settings_groups.h"

namespace posta::app {

using namespace kinds;

std::vector<Setting> proxy_settings() {
  std::vector<Setting> out;
  for (const Door& door : kDoors)
    if (door.proxied)
      out.push_back(list_of(
          door.key(),
          "addresses and ports where your proxies (proxy.networks) bring such connections, each "
          "after a PROXY header, version 1 or 2: who it names counts as the client",
          door.endpoints, endpoints));
  out.push_back(list_of("proxy.networks",
                        "where your proxies are: whoever else comes to a proxy_listen port is "
                        "closed without a word",
                        &Config::proxy_networks, networks));
  return out;
}

}  // namespace posta::app
