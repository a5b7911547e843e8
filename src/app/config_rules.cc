#include "app/config_rules.h"

#include <fmt/format.h>

#include "app/doors.h"

namespace posta::app {

namespace {

Failure wrong(const Config& config, const std::string& key, const std::string& what) {
  return fail(Error::Kind::config, config.at(key) + what);
}

struct Named {
  std::string key;
  net::Endpoint endpoint;
};

bool overlap(const net::Endpoint& a, const net::Endpoint& b) {
  return a.port == b.port && a.ip.is_v6() == b.ip.is_v6() &&
         (a.ip == b.ip || a.ip.is_any() || b.ip.is_any());
}

std::string words(const net::Endpoint& endpoint) {
  if (endpoint.ip.is_any() && !endpoint.ip.is_v6()) return fmt::format("*:{}", endpoint.port);
  return endpoint.str();
}

// Of two sockets on one port the system picks one for each connection.
Result<> check_ports(const Config& config) {
  std::vector<Named> before;
  for (const Door& door : kDoors)
    for (const net::Endpoint& endpoint : config.*door.endpoints) {
      Named now{door.key(), endpoint};
      for (const Named& other : before) {
        bool same = other.endpoint == endpoint;
        if (endpoint.port == 0 || !overlap(other.endpoint, endpoint)) continue;
        if (other.key == now.key && same)
          return wrong(config, now.key, "names " + words(endpoint) + " twice");
        if (other.key == now.key) continue;  // the narrower one gets its own; one service has both
        if (same)
          return wrong(config, now.key,
                       fmt::format("{} and {} both name {}", other.key, now.key, words(endpoint)));
        return wrong(config, now.key,
                     fmt::format("{} names {}, and {} {}: that is the same port", other.key,
                                 words(other.endpoint), now.key, words(endpoint)));
      }
      before.push_back(std::move(now));
    }
  return {};
}

Result<> check_tls(const Config& config) {
  if (config.tls_certificate.size() != config.tls_key.size())
    return wrong(config, config.tls_certificate.empty() ? "tls.key" : "tls.certificate",
                 fmt::format("tls.certificate names {} files and tls.key {}; each certificate has "
                             "its key",
                             config.tls_certificate.size(), config.tls_key.size()));
  for (const Door& door : kDoors)
    if (door.implicit_tls && !(config.*door.endpoints).empty() && config.tls_certificate.empty())
      return wrong(config, door.key(), "needs a certificate: tls.certificate and tls.key");
  return {};
}

Result<> check_proxies(const Config& config) {
  for (const Door& door : kDoors)
    if (door.proxied && !(config.*door.endpoints).empty() && config.proxy_networks.empty())
      return wrong(config, door.key(),
                   "takes connections from your proxies alone; say where they are: "
                   "proxy.networks = [\"192.0.2.1\"]");
  return {};
}

}  // namespace

Result<> check_rules(const Config& config) {
  if (config.retry_first > config.retry_max)
    return wrong(config, "queue.retry_first", "is longer than queue.retry_max");
  TRY_VOID(check_ports(config));
  TRY_VOID(check_tls(config));
  return check_proxies(config);
}

}  // namespace posta::app
