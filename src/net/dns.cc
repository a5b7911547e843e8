#include "net/dns.h"

#include <fmt/format.h>

#include <ranges>

#include "net/dns_data.h"

namespace posta::net {

const char* to_string(DnsType type) {
  switch (type) {
    case DnsType::a: return "A";
    case DnsType::ptr: return "PTR";
    case DnsType::mx: return "MX";
    case DnsType::txt: return "TXT";
    case DnsType::aaaa: return "AAAA";
  }
  return "?";
}

namespace {

// An answer whose records cannot be read is no answer.
template <class Record, class Parse>
Result<DnsRecords<Record>> read(Result<DnsAnswer> answer, const std::string& name, DnsType type,
                                Parse parse) {
  if (!answer) return Failure(std::move(answer).error());
  DnsRecords<Record> out;
  out.kind = answer->kind;
  out.secure = answer->secure;
  out.canonical = std::move(answer->canonical);
  out.ttl = answer->ttl;
  for (const std::string& data : answer->records) {
    auto record = parse(data);
    if (!record)
      return fail(Error::Kind::unavailable,
                  fmt::format("a malformed {} record of {}", to_string(type), name));
    out.records.push_back(*std::move(record));
  }
  return out;
}

}  // namespace

Task<Result<DnsRecords<MxRecord>>> Resolver::mx(std::string name, Stop* stop) {
  auto answer = co_await ask(name, DnsType::mx, stop);
  co_return read<MxRecord>(std::move(answer), name, DnsType::mx, parse_mx);
}

Task<Result<DnsRecords<IpAddress>>> Resolver::a(std::string name, Stop* stop) {
  auto answer = co_await ask(name, DnsType::a, stop);
  co_return read<IpAddress>(std::move(answer), name, DnsType::a,
                            [](std::string_view data) { return parse_address(data, DnsType::a); });
}

Task<Result<DnsRecords<IpAddress>>> Resolver::aaaa(std::string name, Stop* stop) {
  auto answer = co_await ask(name, DnsType::aaaa, stop);
  co_return read<IpAddress>(std::move(answer), name, DnsType::aaaa, [](std::string_view data) {
    return parse_address(data, DnsType::aaaa);
  });
}

Task<Result<DnsRecords<std::string>>> Resolver::txt(std::string name, Stop* stop) {
  auto answer = co_await ask(name, DnsType::txt, stop);
  co_return read<std::string>(std::move(answer), name, DnsType::txt, parse_txt);
}

Task<Result<DnsRecords<std::string>>> Resolver::ptr(IpAddress address, Stop* stop) {
  std::string name = reverse_name(address);
  auto answer = co_await ask(name, DnsType::ptr, stop);
  co_return read<std::string>(std::move(answer), name, DnsType::ptr, parse_dns_name);
}

std::string reverse_name(const IpAddress& address) {
  std::string out;
  const auto& octets = address.octets();
  if (!address.is_v6()) {
    for (std::size_t i = 4; i-- > 0;) out += fmt::format("{}.", octets[i]);
    return out + "in-addr.arpa";
  }
  for (std::uint8_t octet : octets | std::views::reverse)
    out += fmt::format("{:x}.{:x}.", octet & 15, octet >> 4);
  return out + "ip6.arpa";
}

}  // namespace posta::net
