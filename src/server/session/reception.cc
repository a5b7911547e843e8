#include "server/session/reception.h"

#include <algorithm>

#include "base/check.h"

namespace posta::server {

Networks Networks::loopback() {
  std::vector<net::IpNetwork> networks;
  for (const char* text : {"127.0.0.0/8", "::1/128"}) {
    auto network = net::IpNetwork::parse(text);
    CHECK(network);
    networks.push_back(*network);
  }
  return Networks(std::move(networks));
}

bool Networks::contain(const net::IpAddress& address) const {
  return std::ranges::any_of(networks_,
                             [&](const net::IpNetwork& n) { return n.contains(address); });
}

}  // namespace posta::server
