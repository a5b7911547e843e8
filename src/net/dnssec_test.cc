// DNSSEC as libunbound proves it for us: a zone that is signed with a key of its own (Ed25519,
// RFC 8080) on a server of this test, with answers that are signed, forged, and without signature.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/bytes.h"
#include "base/codec.h"
#include "net/dns_data.h"
#include "net/unbound/resolver.h"
#include "runtime/asio/loop.h"
#include "runtime/nursery.h"

namespace posta::net {
namespace {

using namespace std::string_literals;
using namespace std::chrono_literals;

constexpr std::uint16_t kA = 1, kSoa = 6, kMx = 15, kRrsig = 46, kNsec = 47, kDnskey = 48;
constexpr std::uint16_t kOpt = 41;
constexpr std::uint8_t kEd25519 = 15;  // RFC 8080 §3
constexpr std::uint32_t kTtl = 300;
constexpr const char* kZone = "example";

std::string wire(std::string_view name) {
  auto out = print_dns_name(name);
  CHECK(out);
  return *out;
}

std::string number16(std::uint16_t value) {
  std::string out;
  put_be16(out, value);
  return out;
}

// RFC 1035 §3.2.1; also the canonical form of RFC 4034 §6.2, since names here are lower case.
std::string record(std::string_view owner, std::uint16_t type, std::string_view data) {
  std::string out = wire(owner);
  put_be16(out, type);
  put_be16(out, 1);
  put_be32(out, kTtl);
  put_be16(out, static_cast<std::uint16_t>(data.size()));
  return out + std::string(data);
}

class ZoneKey {
 public:
  ZoneKey() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")) {
    runtime::asio::WorkerPool workers({.threads = 1});
    const WallTime wall = runtime::asio::Loop(workers).wall();
    now_ = std::chrono::duration_cast<std::chrono::seconds>(wall.time_since_epoch()).count();
    public_.resize(32);
    std::size_t size = public_.size();
    CHECK(EVP_PKEY_get_raw_public_key(key_, reinterpret_cast<unsigned char*>(public_.data()),
                                      &size) == 1);
  }
  ~ZoneKey() { EVP_PKEY_free(key_); }
  ZoneKey(const ZoneKey&) = delete;
  ZoneKey& operator=(const ZoneKey&) = delete;

  // RFC 4034 §2.1: a zone key that is a secure entry point.
  std::string dnskey() const { return "\x01\x01\x03"s + static_cast<char>(kEd25519) + public_; }
  std::string anchor() const {
    return kZone + ". IN DNSKEY 257 3 15 "s + base64_encode(public_) + "\n";
  }

  // The record and its signature (RFC 4034 §3.1).
  std::string signed_record(std::string_view owner, std::uint16_t type,
                            std::string_view data) const {
    std::string head;
    put_be16(head, type);
    head += static_cast<char>(kEd25519);
    head += static_cast<char>(1 + std::ranges::count(owner, '.'));
    put_be32(head, kTtl);
    put_be32(head, static_cast<std::uint32_t>(now_ + 86400));
    put_be32(head, static_cast<std::uint32_t>(now_ - 86400));
    put_be16(head, tag());
    head += wire(kZone);
    const std::string plain = record(owner, type, data);
    return plain + record(owner, kRrsig, head + signature(head + plain));
  }

 private:
  // RFC 4034 appendix B.
  std::uint16_t tag() const {
    std::uint32_t sum = 0;
    const std::string key = dnskey();
    for (std::size_t i = 0; i < key.size(); ++i) {
      auto octet = static_cast<unsigned char>(key[i]);
      sum += i % 2 ? octet : octet << 8;
    }
    return static_cast<std::uint16_t>(sum + (sum >> 16));
  }

  std::string signature(std::string_view text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::string out(64, '\0');
    std::size_t size = out.size();
    CHECK(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_) == 1);
    CHECK(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
    EVP_MD_CTX_free(context);
    return out;
  }

  EVP_PKEY* key_;
  std::string public_;
  std::int64_t now_ = 0;
};

// Answers from a table, by UDP on a thread of its own. What is not in the table is denied.
class Server {
 public:
  explicit Server(const ZoneKey& key) : key_(key), ending_(eventfd(0, EFD_CLOEXEC)) {
    socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    CHECK(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~Server() {
    eventfd_write(ending_, 1);
    if (thread_.joinable()) thread_.join();
    close(socket_);
    close(ending_);
  }

  // Before start().
  void add(const std::string& owner, std::uint16_t type, const std::string& records) {
    answers_[{wire(owner), type}] += records;
    exists_.insert(wire(owner));
  }
  void start() {
    thread_ = std::thread([this] { serve(); });
  }
  Endpoint endpoint() const { return {*IpAddress::parse("127.0.0.1"), port_}; }

 private:
  void serve() {
    pollfd waiting[] = {{socket_, POLLIN, 0}, {ending_, POLLIN, 0}};
    while (poll(waiting, 2, -1) >= 0 && !(waiting[1].revents & POLLIN)) {
      char octets[4096];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      auto* who = reinterpret_cast<sockaddr*>(&from);
      ssize_t got = recvfrom(socket_, octets, sizeof octets, 0, who, &size);
      if (got < 17) continue;
      std::string reply = answer(std::string(octets, static_cast<std::size_t>(got)));
      sendto(socket_, reply.data(), reply.size(), 0, who, size);
    }
  }

  // RFC 1035 §4.1: header, question, and what the table has for it.
  std::string answer(const std::string& query) const {
    std::size_t end = 12;
    while (query.at(end) != 0) end += static_cast<unsigned char>(query[end]) + 1u;
    const std::string name = query.substr(12, ++end - 12);
    const auto type = get_be16(std::string_view(query).substr(end));
    auto found = answers_.find({name, type});
    const bool is_there = found != answers_.end();
    const bool denied = !is_there && !exists_.contains(name) && is_ours(name);
    std::string authority;
    if (!is_there && is_ours(name)) authority = denial(name, denied);
    const std::string& data = is_there ? found->second : authority;
    std::string out = query.substr(0, 2);
    put_be16(out, static_cast<std::uint16_t>(0x8580 | (denied ? 3 : 0)));  // QR AA RD RA
    put_be16(out, 1);
    put_be16(out, is_there ? count(data) : 0);
    put_be16(out, is_there ? 0 : count(data));
    put_be16(out, 1);
    out += query.substr(12, end + 4 - 12) + data;
    // RFC 6891 §6.1.2: the OPT record, with DO.
    return out + "\0"s + number16(kOpt) + number16(1232) + "\0\0\x80\0\0\0"s;
  }

  static bool is_ours(std::string_view name) { return name.ends_with(wire(kZone)); }

  // SOA and NSEC (RFC 4035 §3.1.3): of the name itself, or one that spans the whole zone.
  std::string denial(const std::string& name, bool no_domain) const {
    const std::string soa = wire("ns.example") + wire("master.example") + std::string(20, '\1');
    // RFC 4034 §4.1.2: MX, RRSIG and NSEC; at the top A, NS, SOA, RRSIG and NSEC.
    const std::string top = "\0\6\x62\0\0\0\0\3"s;
    const std::string leaf = "\0\6\0\1\0\0\0\3"s;
    const std::string owner = no_domain ? kZone : *parse_dns_name(name);
    const std::string next = no_domain ? wire(kZone) : "\1\0"s + name;
    return key_.signed_record(kZone, kSoa, soa) +
           key_.signed_record(owner, kNsec, next + (owner == kZone ? top : leaf));
  }

  static std::uint16_t count(std::string_view records) {
    std::uint16_t out = 0;
    for (; !records.empty(); ++out) {
      std::size_t at = 0;
      while (records[at] != 0) at += static_cast<unsigned char>(records[at]) + 1u;
      records.remove_prefix(at + 11u + get_be16(records.substr(at + 9)));
    }
    return out;
  }

  const ZoneKey& key_;
  int socket_ = -1, ending_;
  std::uint16_t port_ = 0;
  std::map<std::pair<std::string, std::uint16_t>, std::string> answers_;
  std::set<std::string> exists_;
  std::thread thread_;
};

class Dnssec : public testing::Test {
 protected:
  Dnssec() : server_(key_) {
    const std::string one = "\xC0\x00\x02\x01"s, other = "\xC0\x00\x02\x42"s;
    server_.add(kZone, kDnskey, key_.signed_record(kZone, kDnskey, key_.dnskey()));
    server_.add("good.example", kMx,
                key_.signed_record("good.example", kMx, "\0\x0A"s + wire("mx.example")));
    server_.add("mx.example", kA, key_.signed_record("mx.example", kA, one));
    // The signature is of another address.
    std::string changed = key_.signed_record("forged.example", kA, one);
    changed.replace(changed.find(one), one.size(), other);
    server_.add("forged.example", kA, changed);
    server_.add("bare.example", kA, record("bare.example", kA, other));
    server_.add("example.net", kA, record("example.net", kA, other));
    server_.start();
    std::ofstream(anchor_) << key_.anchor();
  }
  ~Dnssec() override { std::filesystem::remove(anchor_); }

  unbound::Options options(unbound::Dnssec dnssec) const {
    unbound::Options out;
    out.servers = {server_.endpoint()};
    out.dnssec = dnssec;
    out.trust_anchor = anchor_;
    return out;
  }

  // "secure found 192.0.2.1"
  std::string ask(unbound::UnboundResolver& dns, const char* name) {
    runtime::asio::WorkerPool workers({.threads = 1});
    runtime::asio::Loop loop(workers);
    std::string out;
    runtime::Nursery nursery(loop);
    auto run = [](unbound::UnboundResolver& resolver, std::string asked, std::string& said,
                  runtime::asio::Loop& on) -> Task<> {
      auto answer = co_await resolver.a(std::move(asked));
      if (answer) {
        static constexpr const char* kKinds[] = {"found", "no data", "no domain"};
        said = answer->secure ? "secure " : "";
        said += kKinds[static_cast<int>(answer->kind)];
        for (const auto& ip : answer->records) said += " " + ip.str();
      } else {
        said = to_string(answer.error().kind);
      }
      on.quit();
    };
    nursery.spawn(run(dns, name, out, loop));
    loop.run();
    return out;
  }

  const std::string anchor_ = testing::TempDir() + "dnssec_test.anchor";
  ZoneKey key_;
  Server server_;
};

TEST_F(Dnssec, WhatIsForgedIsNoAnswerIfProofIsRequired) {
  unbound::UnboundResolver dns(options(unbound::Dnssec::require));
  ASSERT_TRUE(dns.start());
  EXPECT_EQ(ask(dns, "mx.example"), "secure found 192.0.2.1");
  EXPECT_EQ(ask(dns, "forged.example"), "unavailable");
  EXPECT_EQ(ask(dns, "bare.example"), "unavailable");
  // The proof for the second denies the whole zone: it is asked for last.
  EXPECT_EQ(ask(dns, "good.example"), "secure no data");
  EXPECT_EQ(ask(dns, "absent.example"), "secure no domain");
  EXPECT_EQ(ask(dns, "example.net"), "found 192.0.2.66");  // nobody signs there
}

TEST_F(Dnssec, OnlyWhatIsProvedIsSecure) {
  unbound::UnboundResolver dns(options(unbound::Dnssec::use));
  ASSERT_TRUE(dns.start());
  EXPECT_EQ(ask(dns, "mx.example"), "secure found 192.0.2.1");
  EXPECT_EQ(ask(dns, "forged.example"), "found 192.0.2.66");
  EXPECT_EQ(ask(dns, "bare.example"), "found 192.0.2.66");
  EXPECT_EQ(ask(dns, "absent.example"), "secure no domain");
  EXPECT_EQ(ask(dns, "example.net"), "found 192.0.2.66");
}

TEST_F(Dnssec, WithoutItNothingIsSecure) {
  unbound::UnboundResolver dns(options(unbound::Dnssec::off));
  ASSERT_TRUE(dns.start());
  EXPECT_EQ(ask(dns, "mx.example"), "found 192.0.2.1");
  EXPECT_EQ(ask(dns, "forged.example"), "found 192.0.2.66");
  EXPECT_EQ(ask(dns, "absent.example"), "no domain");
}

}  // namespace
}  // namespace posta::net
