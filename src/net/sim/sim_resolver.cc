#include "net/sim/sim_resolver.h"

#include "base/check.h"
#include "base/text.h"
#include "net/dns_data.h"
#include "runtime/sleep.h"

namespace posta::net::sim {

namespace {

constexpr int kCnamesMax = 8;  // one after the other; beyond: nobody answers

std::string next_word(std::string_view& text) {
  text = trim(text);
  auto end = text.find(' ');
  std::string word(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  return word;
}

std::string canonical(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return to_lower(name);
}

template <class T>
T checked(Result<T> result) {
  CHECK(result);  // the record that the test wrote is not one
  return *std::move(result);
}

}  // namespace

void SimResolver::add(std::string_view record) {
  std::string name = canonical(next_word(record));
  std::string type = next_word(record);
  std::string_view data = trim(record);
  if (type == "CNAME") {
    cnames_[name] = canonical(data);
    return;
  }
  auto& records = names_[name];
  if (type == "MX") {
    std::string preference = next_word(data);
    MxRecord mx{to_number<std::uint16_t>(preference).value(), canonical(trim(data))};
    records.insert({DnsType::mx, checked(print_mx(mx))});
  } else if (type == "A" || type == "AAAA") {
    IpAddress address = checked(IpAddress::parse(data));
    records.insert({type == "A" ? DnsType::a : DnsType::aaaa, print_address(address)});
  } else if (type == "TXT") {
    records.insert({DnsType::txt, print_txt(data)});
  } else {
    CHECK(type == "PTR");
    records.insert({DnsType::ptr, checked(print_dns_name(data))});
  }
}

void SimResolver::remove(std::string_view name) {
  names_.erase(canonical(name));
  cnames_.erase(canonical(name));
}

bool SimResolver::exists(const std::string& name) const {
  if (names_.contains(name) || cnames_.contains(name)) return true;
  const std::string below = "." + name;
  for (const auto& [other, records] : names_)
    if (other.ends_with(below)) return true;
  return false;
}

DnsKind SimResolver::look_up(std::string& name, DnsType type,
                             std::vector<std::string>& records) const {
  for (int hops = 0; hops < kCnamesMax && cnames_.contains(name); ++hops)
    name = cnames_.find(name)->second;
  if (!exists(name)) return DnsKind::no_domain;
  auto known = names_.find(name);
  if (known != names_.end()) {
    auto [first, last] = known->second.equal_range(type);
    for (; first != last; ++first) records.push_back(first->second);
  }
  return records.empty() ? DnsKind::no_data : DnsKind::found;
}

Task<Result<DnsAnswer>> SimResolver::ask(std::string name, DnsType type, Stop* stop) {
  ++questions_;
  executor_.trace("dns " + name + " " + to_string(type));
  auto& random = executor_.random_source();
  auto span = static_cast<std::uint64_t>((settings_.delay_max - settings_.delay_min).count());
  bool fails = random.chance(settings_.failures_percent);
  Duration delay = settings_.delay_min + Duration(random.below(span + 1));
  if (!co_await runtime::sleep_for(delay, stop))
    co_return posta::fail(Error::Kind::cancelled, "asking the DNS was given up");
  name = canonical(name);
  DnsAnswer answer;
  answer.kind = look_up(name, type, answer.records);
  const std::string question = name + " " + to_string(type);
  if (fails || failing_.contains(name) || failing_.contains(question) || cnames_.contains(name))
    co_return posta::fail(Error::Kind::unavailable, "no answer from the DNS for " + question);
  answer.secure = settings_.secure;
  answer.canonical = name;
  answer.ttl = std::chrono::hours(1);
  co_return answer;
}

}  // namespace posta::net::sim
