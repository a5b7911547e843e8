#include "app/listening.h"

#include <algorithm>
#include <thread>

namespace posta::app {

std::vector<Listening> all_listeners(const Config& config) {
  std::vector<Listening> out;
  for (const Door& door : kDoors)
    for (const net::Endpoint& endpoint : config.*door.endpoints)
      out.push_back({std::string(door.service), endpoint, door.proxied});
  return out;
}

unsigned loops_of(const Config& config) {
  return config.loops ? config.loops : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace posta::app
