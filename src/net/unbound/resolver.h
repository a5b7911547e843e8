// resolver.h: the DNS through libunbound (its cache, its validation, its thread).
//
// Only app and tests include this. Any thread asks; built and destroyed on one, when nobody asks
// any more.
#pragma once

#include <memory>

#include "net/dns.h"

namespace posta::net::unbound {

enum class Dnssec {
  off,  // nothing is proved
  use,  // what is proved is said to be secure; what is forged or was stripped is not, but counts
  require,  // what is forged is no answer (RFC 4035 §5.5); the servers must pass signatures on
};

struct Options {
  // Who is asked: recursive servers. None: those of /etc/resolv.conf, or without it the authorities
  // themselves, from the root.
  std::vector<Endpoint> servers;
  Dnssec dnssec = Dnssec::use;
  std::string trust_anchor = "/usr/share/dns/root.key";  // without this file nothing is proved
  Duration timeout = std::chrono::seconds(20);           // of one question: Error{timeout}
  std::vector<std::string> records;  // "mx.example.org. A 192.0.2.1": known without asking
};

class UnboundResolver final : public Resolver {
 public:
  explicit UnboundResolver(Options options);
  ~UnboundResolver() override;

  Task<Result<DnsAnswer>> ask(std::string name, DnsType type, Stop* stop) override;

  // Error{config}: libunbound takes these options, or says why not. Begins its threads.
  Result<> start();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace posta::net::unbound
