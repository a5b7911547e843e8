// dns.h: questions to the DNS, answered asynchronously and validated (RFC 1034, 1035, 4035).
//
//   auto mail_hosts = co_await resolver.mx("example.org");
//   if (!mail_hosts) ...                      nobody could answer now: Error{unavailable},
//   {timeout} switch (mail_hosts->kind) ...             found, no data of this type, no such domain
//
// "No" is an answer and no Error: NXDOMAIN (RFC 1034 §4.3.1) and NODATA (RFC 2308 §2.2) differ,
// and neither is a failure. CNAMEs are followed. Answers are cached for their TTL, the negative
// ones too, below this interface. Realised by net/unbound (libunbound) and net/sim (a zone that the
// test wrote). Any thread asks; a task goes on on its own executor.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"
#include "runtime/stop.h"
#include "runtime/task.h"

namespace posta::net {

using runtime::Stop;
using runtime::Task;

// RFC 1035 §3.2.2, RFC 3596 §2.1.
enum class DnsType : std::uint16_t { a = 1, ptr = 12, mx = 15, txt = 16, aaaa = 28 };
const char* to_string(DnsType type);

enum class DnsKind {
  found,
  no_data,    // the name exists, without records of this type
  no_domain,  // the name does not exist
};

template <class Record>
struct DnsRecords {
  DnsKind kind = DnsKind::no_data;
  std::vector<Record> records;  // at least one if found
  bool secure = false;          // DNSSEC proved it, a denial too (RFC 4033 §5)
  std::string canonical;        // the name at the end of the CNAMEs; ASCII, no final dot
  std::chrono::seconds ttl{};   // how long it may be believed
};

// As it comes: the data of each record without compression.
using DnsAnswer = DnsRecords<std::string>;

struct MxRecord {
  std::uint16_t preference = 0;  // the lowest first (RFC 5321 §5.1)
  std::string host;              // lower case, no final dot; empty: "." (RFC 7505 §3)
  friend auto operator<=>(const MxRecord&, const MxRecord&) = default;
};

class Resolver {
 public:
  virtual ~Resolver() = default;

  // `name`: ASCII, A-labels, with or without a final dot. What cannot be a name does not exist.
  // Error{cancelled} when `stop` (which may be null) asks.
  virtual Task<Result<DnsAnswer>> ask(std::string name, DnsType type, Stop* stop) = 0;

  Task<Result<DnsRecords<MxRecord>>> mx(std::string name, Stop* stop = nullptr);
  Task<Result<DnsRecords<IpAddress>>> a(std::string name, Stop* stop = nullptr);
  Task<Result<DnsRecords<IpAddress>>> aaaa(std::string name, Stop* stop = nullptr);
  // The strings of each record put together (RFC 7208 §3.3).
  Task<Result<DnsRecords<std::string>>> txt(std::string name, Stop* stop = nullptr);
  // The names of an address (RFC 1035 §3.5, RFC 3596 §2.5).
  Task<Result<DnsRecords<std::string>>> ptr(IpAddress address, Stop* stop = nullptr);
};

// "1.2.0.192.in-addr.arpa", "…ip6.arpa".
std::string reverse_name(const IpAddress& address);

}  // namespace posta::net
