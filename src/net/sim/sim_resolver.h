// sim_resolver.h: the DNS's deterministic twin: a zone that the test writes, on virtual time.
//
//   SimResolver dns(executor);
//   dns.add("example.net MX 10 mx1.example.net");
//   dns.add("mx1.example.net A 192.0.2.1");
//   dns.add("www.example.net CNAME mx1.example.net");
//   dns.fail("slow.example.net");                      nobody answers for this name
//   dns.fail("half.example.net AAAA");                 or for this question
//
// The seed decides how long an answer takes and, by settings, which fails. A name exists if it has
// a record or stands above a name that has one (RFC 8020). One thread.
#pragma once

#include <map>
#include <set>

#include "net/dns.h"
#include "runtime/sim/sim_executor.h"

namespace posta::net::sim {

struct DnsSettings {
  Duration delay_min = std::chrono::microseconds(100);
  Duration delay_max = std::chrono::milliseconds(40);
  unsigned failures_percent = 0;  // of questions: Error{unavailable}
  bool secure = false;            // the zones are signed
};

class SimResolver final : public Resolver {
 public:
  explicit SimResolver(runtime::sim::SimExecutor& executor, DnsSettings settings = DnsSettings())
      : executor_(executor), settings_(settings) {}

  // NAME TYPE DATA, as in a zone file; types A, AAAA, MX, TXT, PTR, CNAME. CHECKs the syntax.
  void add(std::string_view record);
  void remove(std::string_view name);  // every record of it
  void fail(std::string_view name) { failing_.insert(std::string(name)); }
  void mend(std::string_view name) { failing_.erase(std::string(name)); }
  DnsSettings& settings() { return settings_; }
  std::size_t questions() const { return questions_; }

  Task<Result<DnsAnswer>> ask(std::string name, DnsType type, Stop* stop) override;

 private:
  DnsKind look_up(std::string& name, DnsType type, std::vector<std::string>& records) const;
  bool exists(const std::string& name) const;

  runtime::sim::SimExecutor& executor_;
  DnsSettings settings_;
  std::map<std::string, std::multimap<DnsType, std::string>> names_;
  std::map<std::string, std::string> cnames_;
  std::set<std::string> failing_;
  std::size_t questions_ = 0;
};

}  // namespace posta::net::sim
