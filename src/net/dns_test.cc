// DNS: records as octets, the simulated zone, and libunbound over records of its own.
#include "net/dns.h"

#include <gtest/gtest.h>

#include "net/dns_data.h"
#include "net/sim/sim_resolver.h"
#include "net/unbound/resolver.h"
#include "runtime/asio/loop.h"
#include "runtime/nursery.h"

namespace posta::net {
namespace {

using namespace std::string_literals;
using namespace std::chrono_literals;
using runtime::sim::SimExecutor;

std::string words(const Result<DnsRecords<MxRecord>>& answer) {
  if (!answer) return to_string(answer.error().kind);
  static constexpr const char* kKinds[] = {"found", "no data", "no domain"};
  std::string out = kKinds[static_cast<int>(answer->kind)];
  for (const auto& mx : answer->records) out += " " + std::to_string(mx.preference) + "=" + mx.host;
  return out;
}
std::string words(const Result<DnsRecords<IpAddress>>& answer) {
  if (!answer) return to_string(answer.error().kind);
  static constexpr const char* kKinds[] = {"found", "no data", "no domain"};
  std::string out = kKinds[static_cast<int>(answer->kind)];
  for (const auto& ip : answer->records) out += " " + ip.str();
  return out;
}

TEST(DnsData, NamesReadAndPrint) {
  struct Case {
    std::string data;
    std::string text;
  };
  for (const Case& c : std::vector<Case>{
           {"\0"s, ""},  // the root: RFC 7505 §3
           {"\3MX1\7Example\3net\0"s, "mx1.example.net"},
           {"\3a.b\1c\0"s, "a\\046b.c"},  // RFC 1035 §5.1
           {"\2\xC3\xA9\0"s, "\\195\\169"},
       }) {
    auto name = parse_dns_name(c.data);
    ASSERT_TRUE(name) << c.text;
    EXPECT_EQ(*name, c.text);
  }
  for (const std::string& bad : {""s, "\1"s, "\3ab\0"s, "\1a"s, "\1a\0x"s, "\xC0\x0C"s,
                                 std::string(1, 64) + std::string(64, 'a') + "\0"s})
    EXPECT_FALSE(parse_dns_name(bad));
  EXPECT_EQ(*print_dns_name("mx1.example.net."), "\3mx1\7example\3net\0"s);
  EXPECT_EQ(*print_dns_name(""), "\0"s);
  for (const std::string& bad :
       {"a..b"s, std::string(64, 'a'), std::string(63, 'a') + ".b."s + "."s, std::string(300, 'a')})
    EXPECT_FALSE(print_dns_name(bad)) << bad;
}

TEST(DnsData, RecordsReadBackAndCutOnesAreRefused) {
  MxRecord mx{10, "mx.example.net"};
  std::string data = *print_mx(mx);
  EXPECT_EQ(*parse_mx(data), mx);
  for (std::size_t n = 0; n < data.size(); ++n) EXPECT_FALSE(parse_mx(data.substr(0, n))) << n;
  EXPECT_FALSE(parse_address("123", DnsType::a));
  EXPECT_FALSE(parse_address("1234", DnsType::aaaa));
  EXPECT_FALSE(parse_address("1234", DnsType::mx));
  EXPECT_EQ(parse_address(print_address(*IpAddress::parse("192.0.2.1")), DnsType::a)->str(),
            "192.0.2.1");
  EXPECT_EQ(parse_address(print_address(*IpAddress::parse("2001:db8::1")), DnsType::aaaa)->str(),
            "2001:db8::1");
  const std::string longer(600, 'x');
  EXPECT_EQ(*parse_txt(print_txt(longer)), longer);
  EXPECT_FALSE(parse_txt("\3ab"));
  EXPECT_FALSE(parse_txt(""));
}

TEST(DnsData, AddressesHaveNames) {
  EXPECT_EQ(reverse_name(*IpAddress::parse("192.0.2.1")), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(*IpAddress::parse("2001:db8::1")),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

class Sim : public ::testing::Test {
 protected:
  Sim() {
    dns.add("example.net MX 10 mx1.example.net");
    dns.add("example.net MX 20 MX2.example.net.");
    dns.add("mx1.example.net A 192.0.2.1");
    dns.add("mx1.example.net AAAA 2001:db8::1");
    dns.add("null.example MX 0 .");
    dns.add("alias.example CNAME example.net");
    dns.add("loop.example CNAME loop.example");
    dns.add("note.example TXT v=spf1 -all");
    dns.add("1.2.0.192.in-addr.arpa PTR mx1.example.net");
  }
  template <class T>
  Result<T> await(Task<Result<T>> task) {
    Result<T> out = fail(Error::Kind::unavailable, "");
    auto run = [](Task<Result<T>> t, Result<T>& to) -> Task<> { to = co_await std::move(t); };
    executor.run_task(run(std::move(task), out));
    return out;
  }
  SimExecutor executor{1};
  sim::SimResolver dns{executor};
};

TEST_F(Sim, AnswersTellNoDomainFromNoData) {
  EXPECT_EQ(words(await(dns.mx("example.net"))), "found 10=mx1.example.net 20=mx2.example.net");
  EXPECT_EQ(words(await(dns.mx("EXAMPLE.NET."))), "found 10=mx1.example.net 20=mx2.example.net");
  EXPECT_EQ(words(await(dns.mx("null.example"))), "found 0=");
  EXPECT_EQ(words(await(dns.mx("mx1.example.net"))), "no data");
  EXPECT_EQ(words(await(dns.mx("example"))), "no data");  // RFC 8020 §2: above a name that exists
  EXPECT_EQ(words(await(dns.mx("nowhere.example"))), "no domain");
  EXPECT_EQ(words(await(dns.a("mx1.example.net"))), "found 192.0.2.1");
  EXPECT_EQ(words(await(dns.aaaa("mx1.example.net"))), "found 2001:db8::1");
  EXPECT_EQ(await(dns.txt("note.example"))->records[0], "v=spf1 -all");
  EXPECT_EQ(await(dns.ptr(*IpAddress::parse("192.0.2.1")))->records[0], "mx1.example.net");
}

TEST_F(Sim, CnamesAreFollowedAndTheirEndIsNamed) {
  auto answer = await(dns.mx("alias.example"));
  EXPECT_EQ(words(answer), "found 10=mx1.example.net 20=mx2.example.net");
  EXPECT_EQ(answer->canonical, "example.net");
  EXPECT_EQ(words(await(dns.mx("loop.example"))), "unavailable");
}

TEST_F(Sim, FailureIsNoAnswer) {
  dns.fail("example.net");
  EXPECT_EQ(words(await(dns.mx("example.net"))), "unavailable");
  EXPECT_EQ(words(await(dns.mx("alias.example"))), "unavailable");
  dns.mend("example.net");
  EXPECT_EQ(words(await(dns.mx("example.net"))), "found 10=mx1.example.net 20=mx2.example.net");
  dns.settings().failures_percent = 100;
  EXPECT_EQ(words(await(dns.mx("example.net"))), "unavailable");
}

// --- libunbound; nothing leaves this process

template <class T>
Result<T> await_on_a_loop(Task<Result<T>> task) {
  runtime::asio::WorkerPool workers({.threads = 1});
  runtime::asio::Loop loop(workers);
  Result<T> out = fail(Error::Kind::unavailable, "");
  auto run = [](Task<Result<T>> t, Result<T>& to, runtime::asio::Loop& l) -> Task<> {
    to = co_await std::move(t);
    l.quit();
  };
  runtime::Nursery nursery(loop);
  nursery.spawn(run(std::move(task), out, loop));
  loop.run();
  return out;
}

unbound::Options known_records() {
  unbound::Options options;
  options.servers = {*Endpoint::parse("127.0.0.1:1")};  // nobody is there
  options.dnssec = unbound::Dnssec::off;
  options.timeout = 2s;
  options.records = {"mx.example.org. IN A 192.0.2.1", "mx.example.org. IN AAAA 2001:db8::1",
                     "example.org. IN MX 10 mx.example.org.", "example.org. IN TXT \"one\" \"two\"",
                     "null.example.org. IN MX 0 ."};
  return options;
}

TEST(Unbound, AnswersAreRead) {
  unbound::UnboundResolver dns(known_records());
  EXPECT_EQ(words(await_on_a_loop(dns.mx("example.org"))), "found 10=mx.example.org");
  EXPECT_EQ(words(await_on_a_loop(dns.mx("null.example.org"))), "found 0=");
  EXPECT_EQ(words(await_on_a_loop(dns.a("MX.example.org."))), "found 192.0.2.1");
  EXPECT_EQ(words(await_on_a_loop(dns.aaaa("mx.example.org"))), "found 2001:db8::1");
  EXPECT_EQ(await_on_a_loop(dns.txt("example.org"))->records[0], "onetwo");
}

TEST(Unbound, WhatCannotBeANameDoesNotExist) {
  unbound::UnboundResolver dns(known_records());
  EXPECT_EQ(words(await_on_a_loop(dns.a(std::string(64, 'a') + ".example.org"))), "no domain");
  EXPECT_EQ(words(await_on_a_loop(dns.a("a..example.org"))), "no domain");
}

TEST(Unbound, NobodyWhoAnswersIsAnError) {
  unbound::UnboundResolver dns(known_records());
  std::string said = words(await_on_a_loop(dns.mx("example.net")));
  EXPECT_TRUE(said == "unavailable" || said == "timeout") << said;
}

TEST(Unbound, OptionsThatItRefusesAreNamed) {
  unbound::Options options = known_records();
  options.records = {"this is no record"};
  auto started = unbound::UnboundResolver(options).start();
  ASSERT_FALSE(started);
  EXPECT_TRUE(started.error().is(Error::Kind::config));
  options = known_records();
  options.dnssec = unbound::Dnssec::require;
  options.trust_anchor = "/nowhere/root.key";
  EXPECT_FALSE(unbound::UnboundResolver(options).start());
}

}  // namespace
}  // namespace posta::net
