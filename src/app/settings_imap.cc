// settings_imap.cc: the configuration of the IMAP server.

#include "app/setting_kinds.h"
#include "app/settings_groups.h"

namespace posta::app {

using namespace kinds;

std::vector<Setting> imap_settings() {
  constexpr std::int64_t kMany = 10'000'000;
  return {
      list_of("imap.listen", "addresses and ports that serve IMAP, with STARTTLS",
              &Config::imap_listen, endpoints),
      list_of("imap.cleartext_networks",
              "networks whose passwords are taken in clear, without TLS: only wires you trust",
              &Config::imap_cleartext_networks, networks),
      size("imap.message_octets_max", "the largest message that APPEND takes (NO [TOOBIG])",
           &Config::imap_message_octets_max, kMessageMin, kMessageMax),
      number("imap.sessions_max", "connections at one time", &Config::imap_sessions_max, 1, kMany),
      number("imap.sessions_per_address_max",
             "connections at one time from one address; smtp.trusted_networks are exempt",
             &Config::imap_sessions_per_address_max, 1, kMany),
      number("imap.sessions_per_account_max", "sessions of one account at one time (NO [LIMIT])",
             &Config::imap_sessions_per_account_max, 1, kMany),
      list_of("imaps.listen", "addresses and ports that serve IMAP with TLS from the first octet",
              &Config::imaps_listen, endpoints),
  };
}

}  // namespace posta::app
