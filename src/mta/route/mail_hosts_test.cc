// Which hosts take the mail of a domain (RFC 5321 §5.1, RFC 7505).
#include "mta/route/mail_hosts.h"

#include <gtest/gtest.h>

#include <set>

#include "net/sim/sim_resolver.h"
#include "runtime/sim/sim_executor.h"

namespace posta::mta {
namespace {

using runtime::sim::SimExecutor;

class MailHostsOf : public ::testing::Test {
 protected:
  MailHostsOf() {
    rules.host = *Domain::parse("mx.example.org");
    rules.own = {*net::Endpoint::parse("198.51.100.25:25")};
    for (const char* record : {"example.net MX 10 a.example.net",
                               "example.net MX 20 b.example.net",
                               "a.example.net A 192.0.2.1",
                               "b.example.net A 192.0.2.2",
                               "dual.example A 192.0.2.3",
                               "dual.example AAAA 2001:db8::3",
                               "null.example MX 0 .",
                               "hosts.example A 192.0.2.4",
                               "text.example TXT nothing",
                               "dangling.example MX 10 gone.example",
                               "local.example MX 10 localhost.example",
                               "localhost.example A 127.0.0.1",
                               "zero.example MX 10 any.example",
                               "any.example A 0.0.0.0",
                               "ours.example MX 10 mx.example.org",
                               "ours.example MX 20 b.example.net",
                               "byip.example MX 10 other-name.example",
                               "other-name.example A 198.51.100.25",
                               "backup.example MX 5 a.example.net",
                               "backup.example MX 10 mx.example.org",
                               "backup.example MX 10 b.example.net",
                               "backup.example MX 30 dual.example",
                               "alias.example CNAME example.net",
                               "broken.example MX 10 slow.example",
                               "slow.example A 192.0.2.9",
                               "mixed.example MX 10 slow.example",
                               "mixed.example MX 20 b.example.net",
                               "waits.example MX 5 slow.example",
                               "waits.example MX 10 mx.example.org",
                               "beside.example MX 10 slow.example",
                               "beside.example MX 10 mx.example.org",
                               "half.example MX 10 half-known.example",
                               "half-known.example A 198.51.100.25",
                               "two.example MX 10 .",
                               "two.example MX 20 b.example.net"})
      dns.add(record);
    dns.fail("slow.example");
    dns.fail("dead.example");
    dns.fail("half-known.example AAAA");
  }
  MailHosts find(std::string_view domain, std::shared_ptr<const RelayHost> relay = nullptr) {
    HostFinder finder(dns, rules);
    MailHosts found;
    auto run = [](HostFinder& f, RemoteRoute r, MailHosts& to) -> Task<> {
      to = co_await f.find(std::move(r), nullptr);
    };
    executor.run_task(run(finder, {*Domain::parse(domain), std::move(relay)}, found));
    return found;
  }
  std::string of(std::string_view domain, std::shared_ptr<const RelayHost> relay = nullptr) {
    MailHosts found = find(domain, std::move(relay));
    std::string out;
    for (const MailHost& host : found.hosts)
      out += (out.empty() ? "" : " ") + host.name + "=" + host.endpoint.str();
    if (!out.empty()) return out;
    bool failed = found.none.kind == Outcome::Kind::failed;
    return (failed ? "failed " : "deferred ") + found.none.reply.str();
  }
  SimExecutor executor{1};
  net::sim::SimResolver dns{executor};
  HostRules rules;
};

TEST_F(MailHostsOf, AreFoundAsTheStandardSays) {
  struct Case {
    const char* domain;
    const char* hosts;
  };
  for (const Case& c : std::vector<Case>{
           {"example.net", "a.example.net=192.0.2.1:25 b.example.net=192.0.2.2:25"},
           {"alias.example", "a.example.net=192.0.2.1:25 b.example.net=192.0.2.2:25"},
           {"hosts.example", "hosts.example=192.0.2.4:25"},  // the implicit MX
           {"null.example",
            "failed 556 5.1.10 The domain null.example does not accept mail"},  // RFC 7505 §3
           {"two.example", "b.example.net=192.0.2.2:25"},
           {"nowhere.example", "failed 550 5.1.2 The domain nowhere.example does not exist"},
           {"text.example", "failed 550 5.4.4 No mail host of text.example has an address"},
           {"dangling.example", "failed 550 5.4.4 No mail host of dangling.example has an address"},
           {"dead.example", "deferred 451 4.4.3 no answer from the DNS for dead.example MX"},
           {"broken.example", "deferred 451 4.4.3 no answer from the DNS for slow.example AAAA"},
           {"mixed.example", "b.example.net=192.0.2.2:25"},
           {"local.example",
            "failed 550 5.4.4 The mail hosts of local.example have only loopback addresses"},
           {"zero.example",
            "failed 550 5.4.4 The mail hosts of zero.example have only loopback addresses"},
           {"ours.example", "failed 554 5.4.6 Mail for ours.example would come back to this host"},
           {"byip.example", "failed 554 5.4.6 Mail for byip.example would come back to this host"},
           // We stand at 10: what is better remains, equals and worse do not.
           {"backup.example", "a.example.net=192.0.2.1:25"},
           // A better host that the DNS does not tell of now may be there later; what stands beside
           // us, and our own other address, are of no use in any case.
           {"waits.example", "deferred 451 4.4.3 no answer from the DNS for slow.example AAAA"},
           {"beside.example",
            "failed 554 5.4.6 Mail for beside.example would come back to this host"},
           {"half.example", "failed 554 5.4.6 Mail for half.example would come back to this host"},
           {"[192.0.2.7]", "[192.0.2.7]=192.0.2.7:25"},
           {"[IPv6:2001:db8::7]", "[IPv6:2001:db8::7]=[2001:db8::7]:25"},
           {"[198.51.100.25]",
            "failed 554 5.4.6 Mail for [198.51.100.25] would come back to this host"},
           {"[127.0.0.1]",
            "failed 550 5.4.4 The mail hosts of [127.0.0.1] have only loopback addresses"},
       })
    EXPECT_EQ(of(c.domain), c.hosts) << c.domain;
}

TEST_F(MailHostsOf, LoopbackIsForThoseWhoAllowIt) {
  rules.loopback = true;
  rules.port = 2525;
  EXPECT_EQ(of("local.example"), "localhost.example=127.0.0.1:2525");
}

TEST_F(MailHostsOf, BothKindsOfAddressAreTriedInEitherOrder) {
  std::set<std::string> seen;
  for (int i = 0; i < 40; ++i) seen.insert(of("dual.example"));
  EXPECT_EQ(seen,
            (std::set<std::string>{"dual.example=192.0.2.3:25 dual.example=[2001:db8::3]:25",
                                   "dual.example=[2001:db8::3]:25 dual.example=192.0.2.3:25"}));
}

TEST_F(MailHostsOf, EqualPreferencesComeInRandomOrder) {
  std::map<std::string, int> first;
  for (int i = 1; i <= 4; ++i) {
    std::string host = "h" + std::to_string(i) + ".example";
    dns.add("equal.example MX 10 " + host);
    dns.add(host + " A 192.0.2." + std::to_string(100 + i));
  }
  for (int i = 0; i < 400; ++i) {
    std::string hosts = of("equal.example");
    ++first[hosts.substr(0, hosts.find('='))];
  }
  EXPECT_EQ(first.size(), 4u);
  for (const auto& [host, count] : first) EXPECT_GT(count, 50) << host;
}

TEST_F(MailHostsOf, NoMoreAreTriedThanTheLimit) {
  rules.addresses_max = 3;
  for (int i = 1; i <= 9; ++i) dns.add("many.example A 192.0.2." + std::to_string(100 + i));
  std::string hosts = of("many.example");
  EXPECT_EQ(std::ranges::count(hosts, '='), 3);
  rules.addresses_max = 10;
  rules.hosts_max = 1;
  EXPECT_EQ(of("example.net"), "a.example.net=192.0.2.1:25");
}

TEST_F(MailHostsOf, ANameIsBelievedIfNoUnsignedMxRecordGaveIt) {
  auto relay = [](std::string_view line) {
    return std::make_shared<const RelayHost>(*parse_relay_host(line));
  };
  EXPECT_FALSE(find("example.net").hosts[0].secure);
  EXPECT_FALSE(find("any.example", relay("example.net")).hosts[0].secure);
  EXPECT_TRUE(find("any.example", relay("[a.example.net]")).hosts[0].secure);
  EXPECT_TRUE(find("any.example", relay("hosts.example")).hosts[0].secure);  // the implicit MX
  dns.settings().secure = true;
  EXPECT_TRUE(find("any.example", relay("example.net")).hosts[0].secure);
}

TEST_F(MailHostsOf, TheRelayHostTakesEverything) {
  auto relay = [](std::string_view line) {
    return std::make_shared<const RelayHost>(*parse_relay_host(line));
  };
  EXPECT_EQ(of("any.example", relay("[192.0.2.8]:587")), "192.0.2.8=192.0.2.8:587");
  EXPECT_EQ(of("any.example", relay("[a.example.net]:587")), "a.example.net=192.0.2.1:587");
  EXPECT_EQ(of("any.example", relay("example.net:2525")),
            "a.example.net=192.0.2.1:2525 b.example.net=192.0.2.2:2525");
  EXPECT_EQ(of("any.example", relay("[localhost.example]")), "localhost.example=127.0.0.1:25");
  // A mistake of ours fails nobody's mail.
  EXPECT_EQ(of("any.example", relay("[nowhere.example]")),
            "deferred 451 4.3.5 The relay host: The domain nowhere.example does not exist");
  EXPECT_EQ(of("any.example", relay("[198.51.100.25]")),
            "deferred 451 4.3.5 The relay host: Mail for 198.51.100.25 would come back to this "
            "host");
}

}  // namespace
}  // namespace posta::mta
