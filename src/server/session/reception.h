// reception.h: how a service receives: its name, ours, and whom it trusts.
//
// A value, made once from the configuration and shared by all sessions of the service.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/endpoint.h"
#include "net/tls.h"

namespace posta::server {

// Networks whose hosts are believed to be ours: bare local parts, VRFY, sessions typed by hand.
// Never a licence to relay. Loopback by default.
class Networks {
 public:
  Networks() = default;
  explicit Networks(std::vector<net::IpNetwork> networks) : networks_(std::move(networks)) {}
  static Networks loopback();  // 127.0.0.0/8, ::1

  bool contain(const net::IpAddress& address) const;
  const std::vector<net::IpNetwork>& all() const { return networks_; }

 private:
  std::vector<net::IpNetwork> networks_;
};

struct Reception {
  std::string service;  // "smtp", "pop3": in events
  std::string host;     // our name, as greetings say it
  std::string banner;   // what the greeting says after the name
  Networks trusted = Networks::loopback();
  // Passwords in clear are taken from here without TLS. Loopback by default.
  Networks cleartext = Networks::loopback();
  std::shared_ptr<net::TlsServer> tls;  // null: no TLS, nothing of it is announced
  bool implicit_tls = false;            // TLS from the first octet (RFC 8314 §3.3)
};

// Who may use something.
enum class Access { nobody, trusted, everybody };
inline bool may(Access access, bool trusted) {
  return access == Access::everybody || (access == Access::trusted && trusted);
}

}  // namespace posta::server
