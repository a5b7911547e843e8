// mail_hosts.h: which hosts take the mail of a domain, and at which addresses, in the order in
// which they are to be tried (RFC 5321 §5.1).
//
//   relayhost?  its MX records, or itself
//   [192.0.2.1] that address
//   MX records  by preference, equals in random order; ours and all behind it are dropped
//   no MX       the domain itself (the implicit MX); a null MX: nobody (RFC 7505)
//
// What the DNS denies is final, what it cannot answer is for now. A relay host that is not to be
// found is a mistake of ours: mail waits for its repair.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mail/reply.h"
#include "mta/route/route.h"
#include "net/dns.h"

namespace posta::mta {

struct MailHost {
  std::string name;  // as the DNS or the configuration says; "[192.0.2.1]" for a literal
  net::Endpoint endpoint;
  // Who named it can be believed: DNSSEC proved the MX record, or there is none in between. Of its
  // address nothing is said: a certificate proves that.
  bool secure = false;
};

struct MailHosts {
  std::vector<MailHost> hosts;  // if empty, `none` says why
  Outcome none;                 // deferred, or failed
};

struct HostRules {
  Domain host;                     // our name: an MX record that names it is ours
  std::vector<net::Endpoint> own;  // where we listen: mail sent there comes back to us
  std::uint16_t port = 25;         // of other hosts
  bool loopback = false;           // may MX records lead to loopback addresses?
  std::size_t hosts_max = 20;      // MX records that are looked at, the best first
  std::size_t addresses_max = 10;  // that are tried in one attempt
};

class HostFinder {
 public:
  HostFinder(net::Resolver& resolver, HostRules rules)
      : resolver_(resolver), rules_(std::move(rules)) {}

  // `stop` (which may be null) makes it give up: deferred.
  Task<MailHosts> find(RemoteRoute route, runtime::Stop* stop) const;

 private:
  struct Search;
  Task<> look_up_mx(Search& search, std::string domain) const;
  Task<> add_addresses(Search& search, std::string name) const;
  void add_literal(Search& search, const Domain& literal) const;
  bool add(Search& search, const std::string& name, std::vector<net::IpAddress> addresses) const;

  net::Resolver& resolver_;
  const HostRules rules_;
};

}  // namespace posta::mta
