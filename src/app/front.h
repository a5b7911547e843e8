// front.h: what faces the network on one loop: listeners, sessions, servers.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "app/doors.h"
#include "app/house.h"
#include "net/transport.h"
#include "runtime/nursery.h"
#include "runtime/sleep.h"
#include "server/admin/monitor.h"
#include "server/imap/imap.h"
#include "server/pop3/pop3.h"
#include "server/session/census.h"
#include "server/session/proxied.h"
#include "server/session/sessions.h"
#include "server/smtp/smtp.h"

namespace posta::app {

// How the services receive, by the configuration.
struct Services {
  Services(const Config& config, std::shared_ptr<net::TlsServer> tls);
  server::SmtpServer::Config smtp;
  server::SmtpServer::Config submission;
  server::SmtpServer::Config submissions;
  server::Pop3Server::Config pop3;
  server::Pop3Server::Config pop3s;
  server::ImapServer::Config imap;
  server::ImapServer::Config imaps;
  server::Networks proxies;
};

// What the fronts of all loops share.
struct Shared {
  Shared(House& house, std::shared_ptr<net::TlsServer> tls);
  // A new configuration: the limits change here, the services by Front::configure.
  void configure(const Config& config, std::shared_ptr<net::TlsServer> tls);

  std::shared_ptr<net::TlsServer> tls;  // null: no certificate
  server::Hall hall;                    // of all that follow but the monitor's, which are few
  server::Census smtp_census;
  server::Census submission_census;
  server::Census pop3_census;
  server::Census imap_census;
  server::imap::AccountSeats imap_seats;
  server::Census monitor_census;
  server::pop3::Maildrops maildrops;
  Services services;
};

class Front {
 public:
  Front(House& house, Shared& shared, net::Network& network, runtime::asio::Loop& loop);

  // Opens the listeners; says which endpoint cannot be had, and why.
  Result<> listen();

  // For sessions that begin later. On the front's loop.
  void configure(const Services& services);
  // Listens where the new configuration says, and no longer where it does not. On the front's loop.
  void listen_anew(const Config& config);

  // Serves until close() was called and everybody has left. Run it on the front's loop.
  runtime::Task<> run();
  // Any thread.
  void close() { closing_.ring(); }

 private:
  server::Service& service(std::string_view name);
  server::Service& behind(const Door& door);
  Result<> listen_on(const std::vector<net::Endpoint>& endpoints, const Door& door);

  House& house_;
  net::Network& network_;
  runtime::asio::Loop& loop_;
  server::Sessions sessions_;
  server::SmtpServer smtp_;
  server::SmtpServer submission_;
  server::SmtpServer submissions_;
  server::Pop3Server pop3_;
  server::Pop3Server pop3s_;
  server::ImapServer imap_;
  server::ImapServer imaps_;
  server::Monitor monitor_;
  std::map<std::string_view, server::BehindProxy> behind_proxies_;  // by service
  struct Open {
    std::unique_ptr<net::Listener> listener;
    server::Service* service;
  };
  std::vector<Open> open_;  // until run()
  struct Place {
    const Door* door;
    net::Endpoint configured, local;  // they differ in a port 0
  };
  std::vector<Place> listening_;
  runtime::Bell closing_;
};

}  // namespace posta::app
