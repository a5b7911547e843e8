#include "app/front.h"

#include "app/events.h"
#include "app/figures.h"
#include "app/serve.h"

namespace posta::app {

namespace {

server::Reception reception(const Config& config, std::string service, std::string banner) {
  server::Reception out;
  out.service = std::move(service);
  out.host = config.hostname.str();
  out.banner = std::move(banner);
  out.trusted = server::Networks(config.trusted_networks);
  return out;
}

server::SmtpServer::Config smtp_config(const Config& config) {
  server::SmtpServer::Config out;
  out.reception = reception(config, "smtp", config.smtp_banner);
  out.strict_syntax = config.strict_syntax;
  return out;
}

server::Pop3Server::Config pop3_config(const Config& config) {
  server::Pop3Server::Config out;
  out.reception = reception(config, "pop3", "POP3 ready");
  out.reception.trusted = server::Networks(config.pop3_cleartext_networks);
  auto uidl = wire::pop3::UidlFormat::parse(config.pop3_uidl_format);
  CHECK(uidl);  // checked when the configuration was read
  out.uidl = *std::move(uidl);
  out.last = config.pop3_last;
  return out;
}

runtime::Task<std::string> metrics_text(House& house) {
  co_return ops::print_metrics(co_await figures(house));
}

}  // namespace

Shared::Shared(const Config& config)
    : smtp_census({.sessions_max = config.smtp_sessions_max,
                   .sessions_per_address_max = config.smtp_sessions_per_address_max}),
      pop3_census({.sessions_max = config.pop3_sessions_max,
                   .sessions_per_address_max = config.pop3_sessions_per_address_max}),
      monitor_census({.sessions_max = server::MonitorLimits().sessions_max,
                      .sessions_per_address_max = server::MonitorLimits().sessions_max}),
      smtp(smtp_config(config)),
      pop3(pop3_config(config)) {}

Front::Front(House& house, Shared& shared, net::Network& network, runtime::asio::Loop& loop)
    : house_(house),
      network_(network),
      loop_(loop),
      sessions_(loop),
      smtp_({house.intake(), house.router(), shared.smtp_census, sessions_, house.log()},
            shared.smtp),
      pop3_({house.directory(), house.mailboxes(), shared.maildrops, shared.pop3_census, sessions_,
             house.log()},
            shared.pop3),
      monitor_({shared.monitor_census, sessions_, [&house] { return metrics_text(house); },
                [&house] { return trouble(house); }},
               {}) {}

Result<> Front::listen() {
  TRY_VOID(listen_on(house_.config().smtp_listen, smtp_));
  TRY_VOID(listen_on(house_.config().pop3_listen, pop3_));
  // On the loop that has the queue. Nobody's mail waits because the monitoring has no port.
  if (&loop_ == &house_.loop(0)) {
    for (const net::Endpoint& endpoint : house_.config().metrics_listen) {
      auto listening = listen_on({endpoint}, monitor_);
      if (!listening) events::listener_skipped(house_.log(), endpoint, listening.error());
    }
  }
  return {};
}

Result<> Front::listen_on(const std::vector<net::Endpoint>& endpoints, server::Service& service) {
  for (const net::Endpoint& endpoint : endpoints) {
    auto listener = network_.listen(loop_, endpoint);
    // "*" means IPv6 too where there is IPv6.
    if (!listener && endpoint.ip.is_v6() && endpoint.ip.is_any()) {
      events::listener_skipped(house_.log(), endpoint, listener.error());
      continue;
    }
    if (!listener) return Failure(std::move(listener).error());
    doors_.push_back({*std::move(listener), &service});
  }
  return {};
}

runtime::Task<> Front::run() {
  for (Door& door : doors_) sessions_.serve(std::move(door.listener), *door.service);
  doors_.clear();
  co_await closing_.wait();
  co_await sessions_.close(kGrace);
}

}  // namespace posta::app
