// settings_outbound.cc: keys of mail that leaves: the relay host, the DNS, the way out.

#include "app/setting_kinds.h"
#include "mta/route/relay_host.h"

namespace posta::app {

using namespace kinds;
using namespace std::chrono_literals;

namespace {

Setting relay_host() {
  return {"relayhost",
          "the host that takes all mail for others, in one line: \"[smtp.example.net]:587 "
          "user=NAME password_file=FILE\"; without brackets by the MX records of the domain, whose "
          "name the certificate must then have; tls=none, may, encrypt or verify; \"\": each "
          "domain's own mail hosts",
          [](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("a text in quotes");
            config.relay_host.reset();
            if (value.text.empty()) return {};
            TRY(config.relay_host, mta::parse_relay_host(value.text));
            return {};
          },
          [](const Config& config) {
            return quoted(config.relay_host ? config.relay_host->str() : std::string());
          },
          "a text in quotes, as above"};
}

// An IP address, or "" for the system's choice.
Setting address(std::string name, std::string meaning,
                std::optional<net::IpAddress> Config::* field, bool v6) {
  return {std::move(name), std::move(meaning),
          [field, v6](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("an address in quotes");
            (config.*field).reset();
            if (value.text.empty()) return {};
            auto ip = net::IpAddress::parse(value.text);
            if (!ip || ip->is_v6() != v6)
              return expected(v6 ? "an IPv6 address" : "an IPv4 address");
            config.*field = *ip;
            return {};
          },
          [field](const Config& config) {
            return quoted(config.*field ? (config.*field)->str() : std::string());
          },
          v6 ? "an IPv6 address in quotes; \"\": the system's choice"
             : "an IPv4 address in quotes; \"\": the system's choice"};
}

// "192.0.2.53" or "192.0.2.53:5353".
Result<std::vector<net::Endpoint>> dns_server(const std::string& written) {
  constexpr std::uint16_t kDnsPort = 53;
  if (auto ip = net::IpAddress::parse(written)) return std::vector{net::Endpoint{*ip, kDnsPort}};
  auto one = net::Endpoint::parse(written);
  if (!one || one->port == 0)
    return expected("an address, with a port if it is not 53: \"192.0.2.53\", \"[::1]:5353\"");
  return std::vector{*one};
}

}  // namespace

std::vector<Setting> outbound_settings() {
  return {
      relay_host(),
      list_of("dns.servers", "recursive DNS servers; []: those of /etc/resolv.conf",
              &Config::dns_servers, dns_server),
      text("dns.dnssec",
           "off; use: what is proved is marked secure; require: forged answers are none, which "
           "needs servers that pass signatures on",
           &Config::dns_dnssec, {"off", "use", "require"}),
      text("dns.trust_anchor", "the file with the keys of the root (package dns-root-data)",
           &Config::dns_trust_anchor),
      number("outbound.port", "the port of other mail hosts: 25, but in closed networks",
             &Config::outbound_port, 1, 65535),
      text("outbound.tls",
           "to hosts found by MX: none; may: where it is offered; encrypt: always; verify: always, "
           "with a certificate for the name in the MX record",
           &Config::outbound_tls, {"none", "may", "encrypt", "verify"}),
      text("outbound.tls_ca_file",
           "certificates of authorities that are believed beside the system's, PEM; \"\": none",
           &Config::outbound_tls_ca_file),
      yes_or_no("outbound.loopback_hosts",
                "send to mail hosts on loopback addresses, which others can name in their DNS",
                &Config::outbound_loopback_hosts),
      address("outbound.bind_ipv4", "the address that connections to other hosts come from",
              &Config::outbound_bind_ipv4, false),
      address("outbound.bind_ipv6", "the same for IPv6", &Config::outbound_bind_ipv6, true),
      number("outbound.sessions_per_destination",
             "letters on their way to one destination at one time",
             &Config::outbound_sessions_per_destination, 1, 1000),
      number("outbound.letters_trying_max", "letters on their way at one time",
             &Config::outbound_letters_trying_max, 1, 10'000),
      number("outbound.hosts_tried_max", "hosts of a destination that are tried in one attempt",
             &Config::outbound_hosts_tried_max, 1, 100),
      time("outbound.connect_time", "how long a connection may take to come about",
           &Config::outbound_connect_time, 1s, 10min),
      time("outbound.idle_time", "how long a session stays open for the next letter",
           &Config::outbound_idle_time, 0s, 5min),
      time("queue.delay_warning",
           "letters not delivered after this long: their senders are told, once; \"0s\": never",
           &Config::queue_delay_warning, 0s, 24h * 98),
  };
}

}  // namespace posta::app
