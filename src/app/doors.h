// doors.h: the services that listen: one table, from which listeners are opened, `posta check`
// looks and the log speaks. What a service is stands in front.cc (Front::service).
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
};

inline constexpr Door kDoors[] = {
    {"smtp", &Config::smtp_listen},
    {"submission", &Config::submission_listen},
    {"submissions", &Config::submissions_listen, true},
    {"pop3", &Config::pop3_listen},
    {"pop3s", &Config::pop3s_listen, true},
    {"imap", &Config::imap_listen},
    {"imaps", &Config::imaps_listen, true},
};

// "smtp 127.0.0.1:25 pop3 127.0.0.1:110".
inline std::string listening(const Config& config) {
  std::string out;
  for (const Door& door : kDoors)
    for (const net::Endpoint& endpoint : config.*door.endpoints)
      out += (out.empty() ? "" : " ") + std::string(door.service) + " " + endpoint.str();
  return out;
}

}  // namespace posta::app
