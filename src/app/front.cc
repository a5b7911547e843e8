#include "app/front.h"

#include "app/descriptors.h"
#include "app/events.h"
#include "app/figures.h"
#include "app/serve.h"
#include "base/check.h"

namespace posta::app {

namespace {

server::Reception reception(const Config& config, std::shared_ptr<net::TlsServer> tls,
                            std::string service, std::string banner) {
  server::Reception out;
  out.service = std::move(service);
  out.host = config.hostname.str();
  out.banner = std::move(banner);
  out.trusted = server::Networks(config.trusted_networks);
  out.tls = std::move(tls);
  for (const Door& door : kDoors)
    if (door.service == out.service) out.implicit_tls = door.implicit_tls;
  return out;
}

server::Access access(std::string_view word) {
  if (word == "everybody") return server::Access::everybody;
  return word == "trusted" ? server::Access::trusted : server::Access::nobody;
}

server::SmtpServer::Config smtp_config(const Config& config, std::shared_ptr<net::TlsServer> tls) {
  server::SmtpServer::Config out;
  out.reception = reception(config, std::move(tls), "smtp", config.smtp_banner);
  out.vrfy = access(config.smtp_vrfy);
  out.expn = access(config.smtp_expn);
  out.tls_required = config.smtp_tls_required;
  out.strict_syntax = config.strict_syntax;
  return out;
}

// The same engine as for other hosts; another reception.
server::SmtpServer::Config submission_config(const Config& config,
                                             std::shared_ptr<net::TlsServer> tls,
                                             std::string service) {
  server::SmtpServer::Config out;
  out.reception = reception(config, std::move(tls), std::move(service), config.smtp_banner);
  out.reception.cleartext = server::Networks(config.submission_cleartext_networks);
  out.submission = true;
  out.disclose_peer = config.submission_disclose;
  out.strict_syntax = config.strict_syntax;
  return out;
}

server::Pop3Server::Config pop3_config(const Config& config, std::shared_ptr<net::TlsServer> tls,
                                       std::string service) {
  server::Pop3Server::Config out;
  out.reception = reception(config, std::move(tls), std::move(service), "POP3 ready");
  out.reception.cleartext = server::Networks(config.pop3_cleartext_networks);
  auto uidl = wire::pop3::UidlFormat::parse(config.pop3_uidl_format);
  CHECK(uidl);  // checked when the configuration was read
  out.uidl = *std::move(uidl);
  out.last = config.pop3_last;
  out.exclusive = config.pop3_exclusive;
  out.retr_sets_seen = config.pop3_retr_sets_seen;
  for (const Word& word : config.pop3_workarounds) {
    out.workarounds.no_nuls |= word.text == kNoNuls;
    out.workarounds.end_of_header |= word.text == kEndOfHeader;
  }
  return out;
}

server::ImapServer::Config imap_config(const Config& config, std::shared_ptr<net::TlsServer> tls,
                                       std::string service) {
  server::ImapServer::Config out;
  out.reception = reception(config, std::move(tls), std::move(service), "IMAP ready");
  out.reception.cleartext = server::Networks(config.imap_cleartext_networks);
  out.limits.message_octets_max = config.imap_message_octets_max;
  out.limits.sessions_per_account_max = config.imap_sessions_per_account_max;
  return out;
}

server::CensusLimits smtp_census_limits(const Config& config) {
  return {.sessions_max = config.smtp_sessions_max,
          .sessions_per_address_max = config.smtp_sessions_per_address_max};
}

server::CensusLimits submission_census_limits(const Config& config) {
  return {.sessions_max = config.submission_sessions_max,
          .sessions_per_address_max = config.submission_sessions_per_address_max};
}

server::CensusLimits pop3_census_limits(const Config& config) {
  return {.sessions_max = config.pop3_sessions_max,
          .sessions_per_address_max = config.pop3_sessions_per_address_max};
}

server::CensusLimits imap_census_limits(const Config& config) {
  return {.sessions_max = config.imap_sessions_max,
          .sessions_per_address_max = config.imap_sessions_per_address_max};
}

runtime::Task<std::string> metrics_text(House& house) {
  co_return ops::print_metrics(co_await figures(house));
}

}  // namespace

Services::Services(const Config& config, std::shared_ptr<net::TlsServer> tls)
    : smtp(smtp_config(config, tls)),
      submission(submission_config(config, tls, "submission")),
      submissions(submission_config(config, tls, "submissions")),
      pop3(pop3_config(config, tls, "pop3")),
      pop3s(pop3_config(config, tls, "pop3s")),
      imap(imap_config(config, tls, "imap")),
      imaps(imap_config(config, tls, "imaps")),
      proxies(config.proxy_networks) {}

Shared::Shared(House& house, std::shared_ptr<net::TlsServer> with)
    : tls(std::move(with)),
      hall(descriptors_for_sessions(descriptors_max(), descriptors_open())),
      smtp_census(smtp_census_limits(house.config()), &hall),
      submission_census(submission_census_limits(house.config()), &hall),
      pop3_census(pop3_census_limits(house.config()), &hall),
      imap_census(imap_census_limits(house.config()), &hall),
      monitor_census({.sessions_max = server::MonitorLimits().sessions_max,
                      .sessions_per_address_max = server::MonitorLimits().sessions_max}),
      services(house.config(), tls) {}

void Shared::configure(const Config& config, std::shared_ptr<net::TlsServer> with) {
  tls = std::move(with);
  smtp_census.set_limits(smtp_census_limits(config));
  submission_census.set_limits(submission_census_limits(config));
  pop3_census.set_limits(pop3_census_limits(config));
  imap_census.set_limits(imap_census_limits(config));
  services = Services(config, tls);
}

Front::Front(House& house, Shared& shared, net::Network& network, runtime::asio::Loop& loop)
    : house_(house),
      network_(network),
      loop_(loop),
      sessions_(loop),
      smtp_({house.intake(), house.router(), shared.smtp_census, sessions_, house.log()},
            shared.services.smtp),
      submission_({house.intake(), house.router(), shared.submission_census, sessions_, house.log(),
                   &house.logins()},
                  shared.services.submission),
      submissions_(submission_.deps(), shared.services.submissions),
      pop3_({house.logins(), house.mailboxes(), shared.maildrops, shared.pop3_census, sessions_,
             house.log()},
            shared.services.pop3),
      pop3s_(pop3_.deps(), shared.services.pop3s),
      imap_({house.store(), house.directory(), house.mailboxes(), house.logins(),
             shared.imap_census, shared.imap_seats, sessions_, house.log()},
            shared.services.imap),
      imaps_(imap_.deps(), shared.services.imaps),
      monitor_({shared.monitor_census, sessions_, [&house] { return metrics_text(house); },
                [&house] { return trouble(house); }},
               {}) {
  for (const Door& door : kDoors)
    if (door.proxied)
      behind_proxies_.try_emplace(
          door.service, server::BehindProxy::Deps{service(door.service), sessions_, house.log()},
          std::string(door.service), shared.services.proxies, server::ProxyLimits());
}

server::Service& Front::service(std::string_view name) {
  if (name == "smtp") return smtp_;
  if (name == "submission") return submission_;
  if (name == "submissions") return submissions_;
  if (name == "pop3") return pop3_;
  if (name == "pop3s") return pop3s_;
  if (name == "imap") return imap_;
  if (name == "imaps") return imaps_;
  if (name == "metrics") return monitor_;
  CHECK(!"a door without a service");
}

// What serves those who come through this door.
server::Service& Front::behind(const Door& door) {
  return door.proxied ? behind_proxies_.at(door.service) : service(door.service);
}

void Front::configure(const Services& services) {
  smtp_.configure(services.smtp);
  submission_.configure(services.submission);
  submissions_.configure(services.submissions);
  pop3_.configure(services.pop3);
  pop3s_.configure(services.pop3s);
  imap_.configure(services.imap);
  imaps_.configure(services.imaps);
  for (auto& [name, proxy] : behind_proxies_) proxy.configure(services.proxies);
}

Result<> Front::listen() {
  for (const Door& door : kDoors) TRY_VOID(listen_on(house_.config().*door.endpoints, door));
  return {};
}

Result<> Front::listen_on(const std::vector<net::Endpoint>& endpoints, const Door& door) {
  for (const net::Endpoint& endpoint : endpoints) {
    auto listener = network_.listen(loop_, endpoint);
    // "*" means IPv6 too where there is IPv6. Nobody's mail waits because the monitoring has no
    // port.
    bool optional = door.service == "metrics" || (endpoint.ip.is_v6() && endpoint.ip.is_any());
    if (!listener && optional) {
      events::listener_skipped(house_.log(), endpoint, listener.error());
      continue;
    }
    if (!listener) return Failure(std::move(listener).error());
    listening_.push_back({&door, endpoint, (*listener)->local()});
    open_.push_back({*std::move(listener), &behind(door)});
  }
  return {};
}

void Front::listen_anew(const Config& config) {
  if (sessions_.closing()) return;
  std::vector<Place> kept;
  for (const Place& place : listening_) {
    bool wanted = std::ranges::count(config.*place.door->endpoints, place.configured) > 0;
    if (wanted) kept.push_back(place);
    if (!wanted) sessions_.stop_serving(place.local);
  }
  listening_ = std::move(kept);
  for (const Door& door : kDoors) {
    for (const net::Endpoint& endpoint : config.*door.endpoints) {
      bool there = std::ranges::any_of(listening_, [&](const Place& place) {
        return place.door == &door && place.configured == endpoint;
      });
      if (there) continue;
      auto listened = listen_on({endpoint}, door);
      if (!listened) events::listener_skipped(house_.log(), endpoint, listened.error());
    }
  }
  for (Open& one : open_) sessions_.serve(std::move(one.listener), *one.service);
  open_.clear();
}

runtime::Task<> Front::run() {
  for (Open& one : open_) sessions_.serve(std::move(one.listener), *one.service);
  open_.clear();
  co_await closing_.wait();
  co_await sessions_.close(kGrace);
}

}  // namespace posta::app
