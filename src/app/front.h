// front.h: what faces the network on one loop: listeners, sessions, servers.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "app/house.h"
#include "net/transport.h"
#include "runtime/nursery.h"
#include "runtime/sleep.h"
#include "server/admin/monitor.h"
#include "server/pop3/pop3.h"
#include "server/session/census.h"
#include "server/session/sessions.h"
#include "server/smtp/smtp.h"

namespace posta::app {

// What the fronts of all loops share.
struct Shared {
  explicit Shared(const Config& config);
  server::Census smtp_census;
  server::Census pop3_census;
  server::Census monitor_census;
  server::pop3::Maildrops maildrops;
  server::SmtpServer::Config smtp;
  server::Pop3Server::Config pop3;
};

class Front {
 public:
  Front(House& house, Shared& shared, net::Network& network, runtime::asio::Loop& loop);

  // Opens the listeners; says which endpoint cannot be had, and why.
  Result<> listen();

  // Serves until close() was called and everybody has left. Run it on the front's loop.
  runtime::Task<> run();
  // Any thread.
  void close() { closing_.ring(); }

 private:
  Result<> listen_on(const std::vector<net::Endpoint>& endpoints, server::Service& service);

  House& house_;
  net::Network& network_;
  runtime::asio::Loop& loop_;
  server::Sessions sessions_;
  server::SmtpServer smtp_;
  server::Pop3Server pop3_;
  server::Monitor monitor_;
  struct Door {
    std::unique_ptr<net::Listener> listener;
    server::Service* service;
  };
  std::vector<Door> doors_;
  runtime::Bell closing_;
};

}  // namespace posta::app
