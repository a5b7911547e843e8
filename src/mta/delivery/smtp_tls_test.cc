// TLS on the way to other hosts: as much as there is (RFC 3207, RFC 7435), or as much as is
// demanded.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "mta/delivery/carrier_test.h"

namespace posta::mta::testing {
namespace {

class CarrierTls : public Carrier {
 protected:
  CarrierTls() { use({}); }
  void use(std::string ca_file) {
    net::TlsClientOptions options;
    options.ca_file = std::move(ca_file);
    options.system_cas = false;
    options.entropy = &executor;
    tls = *net::TlsClient::create(std::move(options));
    make();
  }
  net::TlsCertificate certificate(const std::string& name) {
    return net::self_signed_certificate({name}, executor.wall(), std::chrono::days(30));
  }
  std::shared_ptr<net::TlsServer> server(const net::TlsCertificate& certificate) {
    net::TlsServerOptions options;
    options.certificates = {certificate};
    options.entropy = &executor;
    return *net::TlsServer::create(std::move(options));
  }
  // A file with the certificates, which are believed.
  std::string believed(const std::vector<net::TlsCertificate>& certificates) {
    auto path = std::filesystem::temp_directory_path() /
                ("posta-test-ca-" + std::to_string(executor.random()) + ".pem");
    std::ofstream file(path);
    for (const auto& certificate : certificates) file << certificate.chain_pem;
    files.push_back(path);
    return path;
  }
  ~CarrierTls() override {
    for (const auto& file : files) std::filesystem::remove(file);
  }
  std::vector<std::filesystem::path> files;
};

TEST_F(CarrierTls, ACertificateThatNobodyKnowsIsBetterThanNone) {
  Host host(executor, network, "192.0.2.1");
  host.use_tls(server(certificate("elsewhere.example")));
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(last.each[0].tls, "TLSv1.3 unverified");
  EXPECT_EQ(host.lines()[1], "STARTTLS");
  EXPECT_EQ(host.lines()[2], "EHLO mx.example.org");  // RFC 3207 §4.2
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.connections(), 1u);
}

TEST_F(CarrierTls, WithoutStarttlsItGoesInClear) {
  Host host(executor, network, "192.0.2.1");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(last.each[0].tls, "");
  Host refusing(executor, network, "192.0.2.9");
  dns.remove("mx1.example.net");
  dns.add("mx1.example.net A 192.0.2.9");
  refusing.use_tls(server(certificate("mx1.example.net")));
  refusing.say("STARTTLS", "454 4.7.0 not now");
  close_pool();
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(last.each[0].tls, "");
  EXPECT_EQ(refusing.connections(), 1u);
}

TEST_F(CarrierTls, AHandshakeThatFailsIsFollowedByClear) {
  Host host(executor, network, "192.0.2.1");
  host.say("EHLO", "250-mx.example.net\r\n250 STARTTLS");  // and then it speaks no TLS
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.connections(), 2u);
  EXPECT_EQ(events.counts["delivery.tls.failed"], 1u);
}

TEST_F(CarrierTls, WhereTlsIsDemandedNothingGoesInClear) {
  config.tls = TlsLevel::encrypt;
  make();
  Host host(executor, network, "192.0.2.1");
  host.say("EHLO", "250-mx.example.net\r\n250 STARTTLS");
  EXPECT_TRUE(deliver().starts_with("deferred 454 4.7.5 TLS with mx1.example.net"));
  EXPECT_EQ(host.count("MAIL"), 0u);
  EXPECT_TRUE(last.unreachable);
  Host refusing(executor, network, "192.0.2.9");
  dns.remove("mx1.example.net");
  dns.add("mx1.example.net A 192.0.2.9");
  refusing.say("EHLO", "250-mx.example.net\r\n250 STARTTLS");
  refusing.say("STARTTLS", "554 5.7.0 never");
  EXPECT_TRUE(deliver().starts_with("deferred 451 4.3.2 554 5.7.0 "));
  EXPECT_EQ(refusing.count("MAIL"), 0u);
}

TEST_F(CarrierTls, VerifyDemandsTheNameAndAChain) {
  auto good = certificate("mx1.example.net");
  use(believed({good}));
  config.tls = TlsLevel::verify;
  make();
  {
    Host host(executor, network, "192.0.2.1");
    host.use_tls(server(good));
    EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
    EXPECT_EQ(last.each[0].tls, "TLSv1.3 verified");
    close_pool();
  }
  for (const auto& bad : {certificate("mx1.example.net"), certificate("elsewhere.example")}) {
    Host host(executor, network, "192.0.2.1");
    host.use_tls(server(bad));
    EXPECT_TRUE(deliver().starts_with("deferred 454 4.7.5 ")) << deliver();
    EXPECT_EQ(host.count("MAIL"), 0u);
  }
}

TEST_F(CarrierTls, WhatCameInClearBehindTheReplyIsNotBelieved) {
  Host host(executor, network, "192.0.2.1");
  host.use_tls(server(certificate("mx1.example.net")));
  // RFC 3207 §4.2; had these been believed, the letter would be taken for delivered.
  host.say("STARTTLS",
           "220 2.0.0 go on\r\n250-evil\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n"
           "354 ok\r\n250 2.0.0 forged");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.messages().size(), 1u);
}

TEST_F(CarrierTls, AForgedMxRecordOfTheRelayHostGetsNoPassword) {
  // RFC 4954 §14. The certificate is good, for a name that nobody but the DNS gave.
  auto forged = certificate("mx.evil.example"), good = certificate("provider.example");
  use(believed({forged, good}));
  dns.add("provider.example MX 10 mx.evil.example");
  dns.add("mx.evil.example A 192.0.2.5");
  auto relay = std::make_shared<const RelayHost>(
      *parse_relay_host("provider.example:587 user=ann password=secret"));
  Host host(executor, network, "192.0.2.5", 587);
  host.say("EHLO", "250-mx.evil.example\r\n250-STARTTLS\r\n250 AUTH PLAIN");
  host.say("AUTH", "235 2.7.0 welcome");
  host.use_tls(server(forged));
  std::string said = deliver({"bob@example.net"}, relay);
  EXPECT_TRUE(said.starts_with("deferred 454 4.7.5 TLS with mx.evil.example[192.0.2.5] failed: "))
      << said;
  EXPECT_TRUE(said.contains("its certificate must be for provider.example")) << said;
  EXPECT_TRUE(said.ends_with("in brackets: relayhost = \"[host]:587\"")) << said;
  EXPECT_EQ(host.count("AUTH"), 0u);
  EXPECT_EQ(host.count("MAIL"), 0u);
  host.use_tls(server(good));  // proves the name that the administrator wrote
  EXPECT_EQ(deliver({"bob@example.net"}, relay), "delivered 250 2.0.0 taken");
  EXPECT_EQ(last.each[0].tls, "TLSv1.3 verified");
}

TEST_F(CarrierTls, AnMxRecordThatDnssecProvedNamesTheRelayHost) {
  auto good = certificate("mx1.provider.example");
  use(believed({good}));
  dns.add("provider.example MX 10 mx1.provider.example");
  dns.add("mx1.provider.example A 192.0.2.5");
  auto relay = std::make_shared<const RelayHost>(
      *parse_relay_host("provider.example:465 user=ann password=secret"));
  Host host(executor, network, "192.0.2.5", 465);
  host.use_tls(server(good), /*implicit=*/true);
  host.say("EHLO", "250-mx1.provider.example\r\n250 AUTH PLAIN");
  host.say("AUTH", "235 2.7.0 welcome");
  EXPECT_TRUE(deliver({"bob@example.net"}, relay).starts_with("deferred 454 4.7.5 "));
  EXPECT_EQ(host.lines().size(), 0u);
  dns.settings().secure = true;
  EXPECT_EQ(deliver({"bob@example.net"}, relay), "delivered 250 2.0.0 taken");
}

TEST_F(CarrierTls, ARelayHostOnPort465SpeaksTlsAtOnce) {
  auto good = certificate("relay.example.net");
  use(believed({good}));
  dns.add("relay.example.net A 192.0.2.5");
  Host host(executor, network, "192.0.2.5", 465);
  host.use_tls(server(good), /*implicit=*/true);
  host.say("EHLO", "250-relay.example.net\r\n250 AUTH PLAIN");
  host.say("AUTH", "235 2.7.0 welcome");
  auto relay = std::make_shared<const RelayHost>(
      *parse_relay_host("[relay.example.net]:465 user=ann password=secret"));
  EXPECT_EQ(deliver({"bob@example.net"}, relay), "delivered 250 2.0.0 taken");
  EXPECT_EQ(last.each[0].tls, "TLSv1.3 verified");
  EXPECT_EQ(host.count("AUTH PLAIN "), 1u);
}

}  // namespace
}  // namespace posta::mta::testing
