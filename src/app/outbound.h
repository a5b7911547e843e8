// outbound.h: what mail that leaves needs: the network it goes out by, the DNS, TLS, the carrier.
#pragma once

#include <memory>

#include "app/config.h"
#include "base/events.h"
#include "mta/delivery/smtp_carrier.h"
#include "net/asio/network.h"
#include "net/unbound/resolver.h"
#include "store/store.h"

namespace posta::app {

// The relay host with its password. Error{config}: the file of it cannot be read, or others can.
Result<std::shared_ptr<const mta::RelayHost>> load_relay_host(const Config& config);

// What else would be found out only at the start: whether the files that mail for others needs can
// be read and are good.
Result<> can_send(const Config& config);

// For posta check: where mail for others goes, in words; or what is wrong with it.
Result<std::string> check_outbound(const Config& config);

class Outbound {
 public:
  // Nothing is opened before the first letter leaves.
  static Result<std::unique_ptr<Outbound>> make(const Config& config, store::Store& store,
                                                Events& events);

  std::shared_ptr<const mta::RelayHost> relay() const { return relay_; }  // null: none
  net::Resolver& resolver() { return resolver_; }
  mta::SmtpCarrier& carrier() { return carrier_; }

 private:
  Outbound(const Config& config, std::shared_ptr<const mta::RelayHost> relay,
           std::shared_ptr<net::TlsClient> tls, store::Store& store, Events& events);

  std::shared_ptr<const mta::RelayHost> relay_;
  net::asio::AsioNetwork network_;
  net::unbound::UnboundResolver resolver_;
  mta::SmtpCarrier carrier_;
};

}  // namespace posta::app
