// Peers that stall, lie, speak something else or are not who they should be; and the replay.

#include <fstream>

#include "net/tls_worlds_test.h"

namespace posta::net::testing {
namespace {

class TlsTrouble : public TlsWorlds {};
INSTANTIATE_TEST_SUITE_P(Worlds, TlsTrouble, ::testing::Range(0, 8), tls_world_name);

// --- who is believed

struct Trust {
  std::string label;
  std::vector<std::string> names;  // in the certificate
  std::string asked;
  std::string error;  // a part of it; empty: verified
};

Task<> trusted(World& world) {
  static const std::vector<Trust> kCases = {
      {"the name", {"mx.example.org"}, "mx.example.org", ""},
      {"in another letter case", {"mx.example.org"}, "MX.Example.ORG", ""},
      {"the second name", {"example.org", "mx.example.org"}, "mx.example.org", ""},
      {"a wildcard", {"*.example.org"}, "mx.example.org", ""},  // RFC 6125 §6.4.3
      {"a wildcard is one label", {"*.example.org"}, "a.mx.example.org", "ostname mismatch"},
      {"a wildcard is no empty label", {"*.example.org"}, "example.org", "ostname mismatch"},
      {"a wildcard is a whole label", {"m*.example.org"}, "mx.example.org", "ostname mismatch"},
      {"another name", {"mx.example.net"}, "mx.example.org", "ostname mismatch"},
      {"an address", {"192.0.2.7"}, "192.0.2.7", ""},
      {"another address", {"192.0.2.7"}, "192.0.2.8", "IP address mismatch"},
  };
  for (const Trust& one : kCases) {
    TlsCertificate certificate = certificate_for(world, one.names);
    auto server = tls_server(world, {.certificates = {certificate}});
    auto client = tls_client(world, {.ca_pem = certificate.chain_pem});
    Secured asked = co_await secured(world, server, client, {.name = one.asked});
    CHECK(asked.client);
    EXPECT_EQ(asked.client->verified, one.error.empty()) << one.label;
    EXPECT_NE(asked.client->verify_error.find(one.error), std::string::npos)
        << one.label << ": " << asked.client->verify_error;
    Secured required =
        co_await secured(world, server, client, {.name = one.asked, .required = true});
    EXPECT_EQ(required.client.has_value(), one.error.empty()) << one.label;
    if (!required.client) {
      EXPECT_TRUE(required.client.error().is(Error::Kind::denied)) << one.label;
      EXPECT_NE(required.client.error().what.find(one.error), std::string::npos) << one.label;
    }
  }
}
TEST_P(TlsTrouble, AClientBelievesNamesAsRfc6125Says) {
  run(trusted);
}

Task<> distrusted(World& world) {
  TlsCertificate nobody = certificate_for(world, {"mx.example.org"});
  TlsCertificate expired = self_signed_certificate(
      {"mx.example.org"}, world.executor().wall() - std::chrono::days(40), std::chrono::days(30));
  TlsCertificate early = self_signed_certificate(
      {"mx.example.org"}, world.executor().wall() + std::chrono::days(40), std::chrono::days(30));
  struct Case {
    const TlsCertificate& certificate;
    bool known;
    std::string why;
  };
  for (const Case& one : {Case{nobody, false, "self-signed certificate"},
                          Case{expired, true, "certificate has expired"},
                          Case{early, true, "certificate is not yet valid"}}) {
    auto server = tls_server(world, {.certificates = {one.certificate}});
    auto client = tls_client(world, {.ca_pem = one.known ? one.certificate.chain_pem : ""});
    Secured may = co_await secured(world, server, client, {.name = "mx.example.org"});
    CHECK(may.client && may.server);  // opportunistic: better than in clear (RFC 7435)
    EXPECT_FALSE(may.client->verified);
    EXPECT_EQ(may.client->verify_error, one.why);
    co_await chat(may);
    Secured must =
        co_await secured(world, server, client, {.name = "mx.example.org", .required = true});
    EXPECT_TRUE(!must.client && must.client.error().is(Error::Kind::denied));
    EXPECT_NE(must.client.error().what.find(one.why), std::string::npos)
        << must.client.error().what;
    EXPECT_FALSE(must.server);
  }
}
TEST_P(TlsTrouble, ExpiredAndUnknownPeersAreRefusedWhereVerificationIsRequired) {
  run(distrusted);
}

// --- peers that do not speak TLS

Task<> other_protocol(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  struct Case {
    std::string octets;
    std::string why;
  };
  for (const Case& one : {Case{"GET / HTTP/1.1\r\nHost: mx\r\n\r\n", "HTTP"},
                          Case{"EHLO client.example.net\r\n", "does not speak TLS"},
                          Case{std::string(4096, '\0'), "does not speak TLS"},
                          Case{std::string("\x16\x03\x01\x00\x05hello", 10), ""}}) {
    Pair pair = co_await connected(world);
    EXPECT_TRUE(co_await pair.client->say(one.octets));
    auto shaken = co_await accept_tls(*pair.server, server, kPatience);
    EXPECT_TRUE(!shaken && shaken.error().is(Error::Kind::syntax)) << one.octets;
    if (!shaken)
      EXPECT_NE(shaken.error().what.find(one.why), std::string::npos) << shaken.error().what;
    pair.server->put("nothing of this may leave in clear\n");
    EXPECT_FALSE(co_await pair.server->flush());
  }
}
TEST_P(TlsTrouble, OtherProtocolsAreNamedAndNothingLeavesInClear) {
  run(other_protocol);
}

Task<> stalled(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  Pair silent = co_await connected(world);
  auto none = co_await accept_tls(*silent.server, server, 10ms);
  EXPECT_TRUE(!none && none.error().is(Error::Kind::timeout));
  Pair slow = co_await connected(world);
  EXPECT_TRUE(co_await slow.client->say(std::string("\x16\x03\x01", 3)));
  auto part = co_await accept_tls(*slow.server, server, 10ms);
  EXPECT_TRUE(!part && part.error().is(Error::Kind::timeout));
  Pair gone = co_await connected(world);
  gone.client.reset();
  auto closed = co_await accept_tls(*gone.server, server, kPatience);
  EXPECT_TRUE(!closed && closed.error().is(Error::Kind::closed));
  Pair ended = co_await connected(world);
  ended.server->interrupt();
  auto cancelled = co_await accept_tls(*ended.server, server, kPatience);
  EXPECT_TRUE(!cancelled && cancelled.error().is(Error::Kind::cancelled));
  Pair mute = co_await connected(world);
  auto unanswered =
      co_await connect_tls(mute.client->stream(), tls_client(world), {.name = "mx"}, 10ms);
  EXPECT_TRUE(!unanswered && unanswered.error().is(Error::Kind::timeout));
}
TEST_P(TlsTrouble, AHandshakeThatDoesNotEndIsATimeout) {
  run(stalled);
}

// Octets that are changed on the way end the connection and are never believed.
Task<> changed(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  Secured both = co_await secured(world, server, tls_client(world), {.name = "mx.example.org"});
  CHECK(both.server && both.client);
  co_await chat(both);
  // Beneath TLS: a record that is none of theirs.
  std::string forged("\x17\x03\x03\x00\x20", 5);
  forged += std::string(32, 'x');
  auto raw = both.pair.client->stream().exchange_transport(
      std::make_unique<TlsTransport>(world.executor(), server));
  for (std::string_view rest = forged; !rest.empty();) {  // a network may take it in pieces
    Io io = static_cast<TlsTransport&>(*raw).below().try_write(rest);
    CHECK(io.kind == Io::Kind::done);
    rest.remove_prefix(io.count);
  }
  Error::Kind why{};
  EXPECT_EQ(co_await next_line(*both.pair.server, why), "");
  EXPECT_EQ(why, Error::Kind::closed);
  both.pair.server->put("x");
  EXPECT_FALSE(co_await both.pair.server->flush());
}
TEST_P(TlsTrouble, AForgedRecordEndsTheConnection) {
  run(changed);
}

Task<> words_before(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  Pair pair = co_await connected(world);
  EXPECT_TRUE(co_await pair.client->say("220 ready\r\n250 injected\r\n"));
  while (pair.server->input().size() < 25) EXPECT_TRUE(co_await pair.server->fill());
  pair.server->consume(11);
  auto accepted = co_await accept_tls(*pair.server, server, kPatience);
  EXPECT_TRUE(!accepted && accepted.error().is(Error::Kind::syntax));
  auto connecting =
      co_await connect_tls(*pair.server, tls_client(world), {.name = "mx"}, kPatience);
  EXPECT_TRUE(!connecting && connecting.error().is(Error::Kind::syntax));
}
TEST_P(TlsTrouble, WordsInClearBeforeTheHandshakeAreAnErrorForEitherSide) {
  run(words_before);
}

// --- a network that breaks

Task<> broken_network(World& world, int& fine, int& failed) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  for (int i = 0; i < 20; ++i) {
    Secured both = co_await secured(world, server, tls_client(world), {.name = "mx.example.org"});
    if (!both.client || !both.server) {
      ++failed;
      continue;
    }
    both.pair.server->set_timeout(1s);
    both.pair.client->stream().set_timeout(1s);
    bool said = bool(co_await both.pair.client->say(std::string(5'000, 'x') + "\n"));
    Error::Kind why{};
    std::string line = co_await next_line(*both.pair.server, why);
    EXPECT_TRUE(line.empty() || line.size() == 5'001u);
    ++(said && !line.empty() ? fine : failed);
  }
}
TEST(TlsOnABrokenNetwork, EndsInAnErrorAndNeverInWrongOctets) {
  int fine = 0, failed = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    sim::Settings settings;
    settings.resets_per_million = 20'000;
    settings.black_holes_per_million = 5'000;
    settings.tiny_percent = 30;
    SimWorld world(seed, settings);
    world.run(broken_network(world, fine, failed));
  }
  EXPECT_GT(fine, 10);
  EXPECT_GT(failed, 10);
}

// --- time

Task<> old_tickets(World& world, bool& fresh, bool& sealed_before, bool& old) {
  auto& sim_executor = static_cast<runtime::sim::SimExecutor&>(world.executor());
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})},
                                   .ticket_life = std::chrono::hours(2)});
  auto client = tls_client(world, {.sessions_max = 1});
  const TlsPeer peer{.name = "mx.example.org"};
  Secured first = co_await secured(world, server, client, peer);
  co_await chat(first);
  sim_executor.jump_wall_clock(std::chrono::minutes(110));
  Secured second = co_await secured(world, server, client, peer);
  co_await chat(second);  // a new ticket, under the first key
  fresh = second.server && second.server->resumed;
  sim_executor.jump_wall_clock(std::chrono::minutes(60));  // the first key seals no more
  Secured third = co_await secured(world, server, client, peer);
  co_await chat(third);
  sealed_before = third.server && third.server->resumed;
  sim_executor.jump_wall_clock(std::chrono::minutes(121));
  Secured fourth = co_await secured(world, server, client, peer);
  co_await chat(fourth);
  old = fourth.server && fourth.server->resumed;
}
TEST(TlsTickets, LiveAsLongAsTheyShouldOverAChangeOfKeys) {
  SimWorld world(1);
  bool fresh = false, sealed_before = false, old = true;
  world.run(old_tickets(world, fresh, sealed_before, old));
  EXPECT_TRUE(fresh);
  EXPECT_TRUE(sealed_before);
  EXPECT_FALSE(old);
}

// --- whom the system believes

Task<> believing(World& world, const TlsCertificate& certificate, std::string file,
                 bool& verified) {
  auto made = TlsClient::create({.entropy = &world.executor()});
  CHECK(made);
  setenv("SSL_CERT_FILE", file.c_str(), 1);
  auto server = tls_server(world, {.certificates = {certificate}});
  Secured both = co_await secured(world, server, *made, {.name = "mx.example.org"});
  verified = both.client && both.client->verified;
}
TEST(TlsSystemCas, AreReadWhenTheFirstHandshakeNeedsThem) {
  setenv("SSL_CERT_DIR", "/nowhere", 1);
  std::string file = ::testing::TempDir() + "/system_cas.pem";
  for (bool known : {true, false}) {
    SimWorld world(1);
    TlsCertificate certificate = certificate_for(world, {"mx.example.org"});
    std::ofstream(file) << (known ? certificate : certificate_for(world, {"another"})).chain_pem;
    setenv("SSL_CERT_FILE", "/nowhere", 1);
    bool verified = !known;
    world.run(believing(world, certificate, file, verified));
    EXPECT_EQ(verified, known);
  }
}

// --- one seed twice

std::uint64_t trace_of(std::uint64_t seed, const TlsCertificate& certificate) {
  SimWorld world(seed);
  auto test = [&]() -> Task<> {
    auto server = tls_server(world, {.certificates = {certificate}});
    for (bool tls13 : {true, false}) {
      Secured both = co_await secured(world, server, tls_client(world, {.tls13 = tls13}),
                                      {.name = "mx.example.org"});
      co_await chat(both);
    }
  };
  world.run(test());
  return world.executor().trace_hash();
}
TEST(TlsReplay, OneSeedTwiceGivesTheSameOctets) {
  TlsCertificate certificate = self_signed_certificate(
      {"mx.example.org"}, WallTime(std::chrono::hours(24 * 365 * 50)), std::chrono::days(36500));
  EXPECT_EQ(trace_of(3, certificate), trace_of(3, certificate));
  EXPECT_NE(trace_of(3, certificate), trace_of(4, certificate));
}

}  // namespace
}  // namespace posta::net::testing
