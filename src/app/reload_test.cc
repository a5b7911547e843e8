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
    "log.syslog_socket",
    "log.to",
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

TEST(Reload, AFileThatIsReadAtTheStartAndHasOtherContentsNeedsARestart) {
  auto config = parse_config(
      "hostname = \"mx.example.org\"\n"
      "relayhost = \"[smtp.example.net]:587 user=ann password_file=relay.secret\"\n"
      "outbound.tls_ca_file = \"ca.pem\"\n",
      "posta.toml");
  ASSERT_TRUE(config) << config.error().what;
  config->directory = "/srv/posta";
  config->handed_files = {{"/srv/posta/relay.secret", "old"}, {"/srv/posta/ca.pem", "one"}};
  Config fresh = *config;
  EXPECT_TRUE(need_restart(*config, fresh).empty());
  fresh.handed_files["/srv/posta/relay.secret"] = "new";
  EXPECT_EQ(need_restart(*config, fresh), std::vector<std::string>{"relayhost"});
  fresh.handed_files["/srv/posta/ca.pem"] = "another";
  EXPECT_EQ(need_restart(*config, fresh),
            (std::vector<std::string>{"relayhost", "outbound.tls_ca_file"}));
  fresh.relay_host->port = 465;
  EXPECT_EQ(need_restart(*config, fresh).size(), 2u) << "each key is named once";
  fresh.handed_files.clear();
  EXPECT_EQ(need_restart(*config, fresh), std::vector<std::string>{"relayhost"});
}

}  // namespace
}  // namespace posta::app
