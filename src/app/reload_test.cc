#include "app/reload.h"

#include <gtest/gtest.h>

#include <set>

namespace posta::app {
namespace {

// What is fixed when the server starts. A new key stands here, or takes effect at once: whoever
// adds one says which, and sees to it (Server::reload).
const std::set<std::string> kAtStart = {
    "hostname",
    "loops",
    "workers",
    "relayhost",
    "user",
    "sandbox",
    "store.directory",
    "store.cache",
    "store.disk_free_min",
    "queue.retry_first",
    "queue.retry_max",
    "queue.life",
    "queue.delay_warning",
    "mailbox.retention",
    "dns.servers",
    "dns.dnssec",
    "dns.trust_anchor",
    "outbound.port",
    "outbound.tls",
    "outbound.tls_ca_file",
    "outbound.loopback_hosts",
    "outbound.bind_ipv4",
    "outbound.bind_ipv6",
    "outbound.sessions_per_destination",
    "outbound.letters_trying_max",
    "outbound.hosts_tried_max",
    "outbound.connect_time",
    "outbound.idle_time",
    "supervisor.connect_ports",
    "supervisor.hang_max",
    "trace.retention",
    "trace.octets_max",
};

TEST(Reload, EveryKeyTakesEffectAtOnceOrNeedsARestart) {
  std::set<std::string> known;
  for (const Setting& setting : settings()) {
    known.insert(setting.name);
    EXPECT_NE(is_live(setting.name), kAtStart.contains(setting.name)) << setting.name;
  }
  for (const std::string& name : kAtStart) EXPECT_TRUE(known.contains(name)) << name;
}

}  // namespace
}  // namespace posta::app
