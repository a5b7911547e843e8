#include "app/outbound.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "app/handed.h"
#include "base/text.h"

namespace posta::app {

namespace {

mta::TlsLevel tls_level(const std::string& word) {
  using mta::TlsLevel;
  for (TlsLevel level : {TlsLevel::none, TlsLevel::encrypt, TlsLevel::verify})
    if (word == mta::to_string(level)) return level;
  return TlsLevel::may;
}

net::unbound::Options resolver_options(const Config& config) {
  net::unbound::Options out;
  out.servers = config.dns_servers;
  out.dnssec = config.dns_dnssec == "off"       ? net::unbound::Dnssec::off
               : config.dns_dnssec == "require" ? net::unbound::Dnssec::require
                                                : net::unbound::Dnssec::use;
  out.trust_anchor = config.path(config.dns_trust_anchor);
  return out;
}

net::asio::AsioNetwork::Options network_options(const Config& config) {
  net::asio::AsioNetwork::Options out;
  out.from_ipv4 = config.outbound_bind_ipv4;
  out.from_ipv6 = config.outbound_bind_ipv6;
  return out;
}

// Where we listen: mail that would be sent there is in a circle. "*" is every address we have.
std::vector<net::Endpoint> own_endpoints(const Config& config) {
  std::vector<net::Endpoint> listening = config.smtp_listen, out;
  listening.insert(listening.end(), config.smtp_proxy_listen.begin(),
                   config.smtp_proxy_listen.end());
  for (const net::Endpoint& endpoint : listening) {
    if (!endpoint.ip.is_any()) {
      out.push_back(endpoint);
      continue;
    }
    for (const net::IpAddress& ip : net::asio::local_addresses())
      if (ip.is_v6() == endpoint.ip.is_v6()) out.push_back({ip, endpoint.port});
  }
  return out;
}

mta::SmtpCarrierConfig carrier_config(const Config& config) {
  mta::SmtpCarrierConfig out;
  out.hosts = {.host = config.hostname,
               .own = own_endpoints(config),
               .port = config.outbound_port,
               .loopback = config.outbound_loopback_hosts};
  out.tls = tls_level(config.outbound_tls);
  out.limits.connect_time = config.outbound_connect_time;
  out.limits.idle_time = config.outbound_idle_time;
  out.limits.hosts_tried_max = config.outbound_hosts_tried_max;
  return out;
}

}  // namespace

Result<std::shared_ptr<const mta::RelayHost>> load_relay_host(const Config& config) {
  if (!config.relay_host) return std::shared_ptr<const mta::RelayHost>();
  auto relay = std::make_shared<mta::RelayHost>(*config.relay_host);
  if (relay->password_file.empty()) return relay;
  std::string path = config.path(relay->password_file);
  auto text = read_private_file(config, path);
  if (!text) return fail(Error::Kind::config, config.at("relayhost") + text.error().what);
  struct stat about{};
  if (stat(path.c_str(), &about) == 0 && about.st_mode & (S_IRWXG | S_IRWXO))
    return fail(Error::Kind::config, fmt::format("{}others can read {}; run: chmod 600 {}",
                                                 config.at("relayhost"), path, path));
  relay->password = trim(text->substr(0, text->find('\n')));
  if (relay->password.empty())
    return fail(Error::Kind::config, fmt::format("{}{} has no password in its first line",
                                                 config.at("relayhost"), path));
  return relay;
}

namespace {

Result<std::shared_ptr<net::TlsClient>> make_client(const Config& config) {
  net::TlsClientOptions tls;
  if (!config.outbound_tls_ca_file.empty()) {
    auto pem = read_private_file(config, config.path(config.outbound_tls_ca_file));
    if (!pem)
      return fail(Error::Kind::config, config.at("outbound.tls_ca_file") + pem.error().what);
    tls.ca_pem = *std::move(pem);
  }
  return net::TlsClient::create(std::move(tls));
}

}  // namespace

Result<> can_send(const Config& config) {
  if (auto relay = load_relay_host(config); !relay) return Failure(std::move(relay).error());
  if (auto client = make_client(config); !client) return Failure(std::move(client).error());
  return {};
}

Result<std::string> check_outbound(const Config& config) {
  TRY_VOID(can_send(config));
  TRY(auto relay, load_relay_host(config));
  TRY_VOID(net::unbound::UnboundResolver(resolver_options(config)).start());
  if (relay) return "mail for others goes to " + relay->str();
  return "mail for others goes to their own mail hosts";
}

Result<std::unique_ptr<Outbound>> Outbound::make(const Config& config, store::Store& store,
                                                 Events& events) {
  TRY(auto relay, load_relay_host(config));
  TRY(auto client, make_client(config));
  return std::unique_ptr<Outbound>(
      new Outbound(config, std::move(relay), std::move(client), store, events));
}

Outbound::Outbound(const Config& config, std::shared_ptr<const mta::RelayHost> relay,
                   std::shared_ptr<net::TlsClient> tls, store::Store& store, Events& events)
    : relay_(std::move(relay)),
      network_(network_options(config)),
      resolver_(resolver_options(config)),
      carrier_({.store = store,
                .network = network_,
                .resolver = resolver_,
                .events = events,
                .tls = std::move(tls)},
               carrier_config(config)) {}

}  // namespace posta::app
