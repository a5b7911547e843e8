#include "mta/route/mail_hosts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace posta::mta {

namespace {

Reply no_such_domain(const std::string& domain) {  // RFC 3463 §3.2
  return {550, {5, 1, 2}, "The domain " + domain + " does not exist"};
}
Reply no_mail_here(const std::string& domain) {
  // RFC 7505 §4.2 (and RFC 7504 §3 for the code).
  return {556, {5, 1, 10}, "The domain " + domain + " does not accept mail"};
}
Reply no_address(const std::string& domain) {  // RFC 3463 §3.5
  return {550, {5, 4, 4}, "No mail host of " + domain + " has an address"};
}
Reply only_loopback(const std::string& domain) {
  return {550, {5, 4, 4}, "The mail hosts of " + domain + " have only loopback addresses"};
}
Reply comes_back(const std::string& domain) {  // RFC 3463 §3.5
  return {554, {5, 4, 6}, "Mail for " + domain + " would come back to this host"};
}
Reply dns_failed(const Error& error) {  // RFC 3463 §3.5
  return {451, {4, 4, 3}, error.what};
}

// One address of each family in turn, so that neither kind of broken network hides the other.
std::vector<net::IpAddress> mixed(std::vector<net::IpAddress> a, std::vector<net::IpAddress> b) {
  std::vector<net::IpAddress> out;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (i < a.size()) out.push_back(a[i]);
    if (i < b.size()) out.push_back(b[i]);
  }
  return out;
}

}  // namespace

struct HostFinder::Search {
  runtime::Executor& executor;
  runtime::Stop* stop;
  std::string domain;  // for the words
  std::uint16_t port = 25;
  bool loopback = false;  // allowed
  bool secure = true;     // the names found can be believed
  std::vector<MailHost> hosts = {};
  std::optional<Error> unanswered = {};  // a question that may be answered later
  std::optional<Reply> refusal = {};     // the gravest reason why there is nobody
  bool ours = false;                     // we are among the hosts
  bool looped_back = false;              // an address was dropped for being loopback
  bool missing = false;                  // no such name

  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[executor.random() % i]);
  }
};

// False: this host is we.
bool HostFinder::add(Search& search, const std::string& name,
                     std::vector<net::IpAddress> addresses) const {
  for (const net::IpAddress& ip : addresses) {
    net::Endpoint endpoint{ip, search.port};
    if (std::ranges::find(rules_.own, endpoint) != rules_.own.end()) return false;
  }
  for (const net::IpAddress& ip : addresses) {
    if (ip.is_any() || (ip.is_loopback() && !search.loopback)) {
      search.looped_back = true;
    } else if (search.hosts.size() < rules_.addresses_max) {
      search.hosts.push_back({name, {ip, search.port}, search.secure});
    }
  }
  return true;
}

Task<> HostFinder::add_addresses(Search& search, std::string name) const {
  const std::optional<Error> before = search.unanswered;
  auto v4 = co_await resolver_.a(name, search.stop);
  auto v6 = co_await resolver_.aaaa(name, search.stop);
  if (!v4) search.unanswered = v4.error();
  if (!v6) search.unanswered = v6.error();
  std::vector<net::IpAddress> fours, sixes;
  if (v4) {
    fours = std::move(v4->records);
    search.missing = v4->kind == net::DnsKind::no_domain;
  }
  if (v6) sixes = std::move(v6->records);
  search.shuffle(fours);
  search.shuffle(sixes);
  if (search.executor.random() & 1) std::swap(fours, sixes);
  if (add(search, name, mixed(std::move(fours), std::move(sixes)))) co_return;
  search.ours = true;
  search.unanswered = before;  // we are known by one address: the other changes nothing
}

Task<> HostFinder::look_up_mx(Search& search, std::string domain) const {
  auto answer = co_await resolver_.mx(domain, search.stop);
  if (!answer) {  // RFC 5321 §5.1: a failure is no empty list, and A records are not asked
    search.unanswered = answer.error();
    co_return;
  }
  if (answer->kind == net::DnsKind::no_domain) {
    search.refusal = no_such_domain(search.domain);
    co_return;
  }
  if (answer->kind == net::DnsKind::no_data) {
    // RFC 5321 §5.1: "the address is treated as if it was associated with an implicit MX RR".
    co_await add_addresses(search, domain);
    co_return;
  }
  search.secure = answer->secure;
  auto& records = answer->records;
  // RFC 7505 §3: one record, and its host is the root.
  if (records.size() == 1 && records[0].host.empty()) {
    search.refusal = no_mail_here(search.domain);
    co_return;
  }
  std::erase_if(records, [](const net::MxRecord& mx) { return mx.host.empty(); });
  search.shuffle(records);  // RFC 5321 §5.1: equals in random order
  std::ranges::sort(records, {}, &net::MxRecord::preference);
  if (records.size() > rules_.hosts_max) records.resize(rules_.hosts_max);
  std::size_t kept = 0;             // hosts of a better preference
  std::optional<Error> unanswered;  // of those
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i > 0 && records[i].preference != records[i - 1].preference) {
      kept = search.hosts.size();
      unanswered = search.unanswered;
      if (kept >= rules_.addresses_max) co_return;
    }
    // RFC 5321 §5.1: where we stand in the list, we and all that are no better are dropped.
    if (records[i].host == rules_.host.str())
      search.ours = true;
    else
      co_await add_addresses(search, records[i].host);
    if (search.ours) {
      search.hosts.resize(kept);
      search.unanswered = unanswered;
      co_return;
    }
  }
  search.missing = false;  // the domain exists, whatever its hosts do
}

void HostFinder::add_literal(Search& search, const Domain& literal) const {
  std::string_view text = literal.str();
  text.remove_prefix(1);
  text.remove_suffix(text.ends_with(']') ? 1 : 0);
  if (starts_with_ignore_case(text, "IPv6:")) text.remove_prefix(5);
  auto ip = net::IpAddress::parse(text);
  if (!ip) {
    search.refusal =
        Reply(550, {5, 1, 2}, "Not an address that mail can be sent to: " + literal.str());
  } else if (!add(search, literal.str(), {*ip})) {
    search.ours = true;
  }
}

Task<MailHosts> HostFinder::find(RemoteRoute route, runtime::Stop* stop) const {
  runtime::Executor& executor = co_await runtime::this_executor();
  const RelayHost* relay = route.relay.get();
  Search search{.executor = executor,
                .stop = stop,
                .domain = relay ? relay->host : route.domain.display(),
                .port = relay ? relay->port : rules_.port,
                .loopback = relay || rules_.loopback};
  if (relay) {
    if (auto ip = net::IpAddress::parse(relay->host))
      search.ours = !add(search, relay->host, {*ip});
    else if (relay->look_up_mx)
      co_await look_up_mx(search, relay->host);
    else
      co_await add_addresses(search, relay->host);
  } else if (route.domain.is_literal()) {
    add_literal(search, route.domain);
  } else {
    co_await look_up_mx(search, route.domain.str());
  }

  MailHosts out;
  out.hosts = std::move(search.hosts);
  if (!out.hosts.empty()) co_return out;
  if (search.refusal)
    out.none = {Outcome::Kind::failed, *search.refusal};
  else if (search.unanswered)  // RFC 5321 §5.1: a host better than we may be there after all
    out.none = {Outcome::Kind::deferred, dns_failed(*search.unanswered)};
  else if (search.ours)
    out.none = {Outcome::Kind::failed, comes_back(search.domain)};
  else if (search.looped_back)
    out.none = {Outcome::Kind::failed, only_loopback(search.domain)};
  else
    out.none = {Outcome::Kind::failed,
                search.missing ? no_such_domain(search.domain) : no_address(search.domain)};
  if (relay && out.none.kind == Outcome::Kind::failed)  // RFC 3463 §3.4: "incorrectly configured"
    out.none = {Outcome::Kind::deferred,
                {451, {4, 3, 5}, "The relay host: " + out.none.reply.text}};
  co_return out;
}

}  // namespace posta::mta
