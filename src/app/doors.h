// doors.h: the services that listen: one table, from which listeners are opened, `posta check`
// looks and the log speaks. What a service is stands in front.cc (Front::service).
//
// Each service of mail has a second door for connections that a proxy brings: there, and only from
// the networks of the proxies, each begins with a PROXY header (server/session/proxied.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"

namespace posta::app {

struct Door {
  std::string_view service;                        // "smtp" of smtp.listen
  std::vector<net::Endpoint> Config::* endpoints;  // where it listens
  bool implicit_tls = false;                       // TLS from the first octet (RFC 8314 §3.3)
  bool proxied = false;                            // a PROXY header comes first

  std::string key() const { return std::string(service) + (proxied ? ".proxy_listen" : ".listen"); }
};

inline constexpr Door kDoors[] = {
    {"smtp", &Config::smtp_listen},
    {"submission", &Config::submission_listen},
    {"submissions", &Config::submissions_listen, true},
    {"pop3", &Config::pop3_listen},
    {"pop3s", &Config::pop3s_listen, true},
    {"imap", &Config::imap_listen},
    {"imaps", &Config::imaps_listen, true},
    {"metrics", &Config::metrics_listen},
    {"smtp", &Config::smtp_proxy_listen, false, true},
    {"submission", &Config::submission_proxy_listen, false, true},
    {"submissions", &Config::submissions_proxy_listen, true, true},
    {"pop3", &Config::pop3_proxy_listen, false, true},
    {"pop3s", &Config::pop3s_proxy_listen, true, true},
    {"imap", &Config::imap_proxy_listen, false, true},
    {"imaps", &Config::imaps_proxy_listen, true, true},
};

// "smtp 127.0.0.1:25 pop3 127.0.0.1:110 imap 127.0.0.1:10143 by proxy".
inline std::string listening(const Config& config) {
  std::string out;
  for (const Door& door : kDoors)
    for (const net::Endpoint& endpoint : config.*door.endpoints)
      out += (out.empty() ? "" : " ") + std::string(door.service) + " " + endpoint.str() +
             (door.proxied ? " by proxy" : "");
  return out;
}

}  // namespace posta::app
