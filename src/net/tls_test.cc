// Handshakes and what is spoken after them, in both worlds.

#include "net/tls_worlds_test.h"

namespace posta::net::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(Worlds, TlsWorlds, ::testing::Range(0, 8), tls_world_name);

Task<> newest(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  Secured both = co_await secured(world, server, tls_client(world), {.name = "MX.example.org"});
  CHECK(both.client && both.server);
  for (const TlsInfo& info : {*both.client, *both.server}) {
    EXPECT_EQ(info.version, "TLSv1.3");
    EXPECT_TRUE(info.cipher.starts_with("TLS_")) << info.cipher;
    EXPECT_GE(info.bits, 128u);
    EXPECT_FALSE(info.resumed);
  }
  EXPECT_EQ(both.server->server_name, "mx.example.org");
  EXPECT_EQ(both.server->exporter.size(), 32u);
  EXPECT_EQ(both.server->exporter, both.client->exporter);
  EXPECT_EQ(both.server->server_end_point.size(), 32u);
  EXPECT_EQ(both.server->server_end_point, both.client->server_end_point);
  co_await chat(both);
}
TEST_P(TlsWorlds, TheNewestVersionAndOneBindingForBothEnds) {
  run(newest);
}

Task<> floor_version(World& world) {
  TlsCertificate certificate = certificate_for(world, {"mx.example.org"});
  auto server = tls_server(world, {.certificates = {certificate}});
  auto old = tls_client(world, {.tls13 = false});
  Secured both = co_await secured(world, server, old, {.name = "mx.example.org"});
  CHECK(both.client && both.server);
  EXPECT_EQ(both.server->version, "TLSv1.2");
  EXPECT_EQ(both.server->cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_EQ(both.server->exporter.size(), 32u);  // by the extended master secret
  EXPECT_EQ(both.server->exporter, both.client->exporter);
  co_await chat(both);
  auto strict = tls_server(world, {.certificates = {certificate}, .tls12 = false});
  Secured none = co_await secured(world, strict, old, {.name = "mx.example.org"});
  EXPECT_TRUE(!none.server && none.server.error().is(Error::Kind::syntax));
  EXPECT_NE(none.server.error().what.find("no version of TLS that is safe"), std::string::npos)
      << none.server.error().what;
  EXPECT_TRUE(!none.client && none.client.error().is(Error::Kind::syntax));
}
TEST_P(TlsWorlds, Tls12IsTheFloorAndCanBeRaised) {
  run(floor_version);
}

Task<> by_name(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"}),
                                                    certificate_for(world, {"*.example.net"}),
                                                    certificate_for(world, {"a.example.net"})}});
  std::vector<std::string> shown;
  for (const char* name : {"mx.example.org", "b.example.net", "a.example.net", "nobody.example"}) {
    Secured both = co_await secured(world, server, tls_client(world), {.name = name});
    CHECK(both.client && both.server);
    EXPECT_EQ(both.server->server_name, name);
    EXPECT_EQ(both.server->server_end_point, both.client->server_end_point);
    shown.push_back(both.server->server_end_point);
  }
  EXPECT_NE(shown[0], shown[1]);
  EXPECT_NE(shown[1], shown[2]);
  EXPECT_EQ(shown[3], shown[0]) << "the first is for names that nobody has";
  Secured nameless = co_await secured(world, server, tls_client(world), {});
  CHECK(nameless.server);
  EXPECT_EQ(nameless.server->server_name, "");
  EXPECT_EQ(nameless.server->server_end_point, shown[0]);
}
TEST_P(TlsWorlds, TheNameThatIsAskedForChoosesTheCertificate) {
  run(by_name);
}

Task<> replaced(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  Secured before = co_await secured(world, server, tls_client(world), {.name = "mx.example.org"});
  CHECK(before.server);
  EXPECT_FALSE(server->replace({}));
  EXPECT_FALSE(server->replace({{.chain_pem = "nonsense", .key_pem = "", .source = "x.pem"}}));
  EXPECT_EQ(server->certificates().front().names.front(), "mx.example.org");
  EXPECT_TRUE(server->replace({certificate_for(world, {"new.example.org"})}));
  EXPECT_EQ(server->certificates().front().names.front(), "new.example.org");
  co_await chat(before);
  Secured after = co_await secured(world, server, tls_client(world), {.name = "new.example.org"});
  CHECK(after.server);
  EXPECT_NE(after.server->server_end_point, before.server->server_end_point);
  co_await chat(after);
  co_await chat(before);
}
TEST_P(TlsWorlds, CertificatesAreReplacedUnderLiveConnections) {
  run(replaced);
}

Task<> resume_with(World& world, bool tls13) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  auto client = tls_client(world, {.tls13 = tls13, .sessions_max = 4});
  const TlsPeer peer{.name = "mx.example.org"};
  Secured first = co_await secured(world, server, client, peer);
  CHECK(first.server);
  co_await chat(first);  // the ticket of TLS 1.3 comes with the first octets
  Secured second = co_await secured(world, server, client, peer);
  CHECK(second.server && second.client);
  EXPECT_TRUE(second.server->resumed && second.client->resumed);
  EXPECT_EQ(second.server->server_end_point, first.server->server_end_point);
  EXPECT_EQ(second.server->exporter, second.client->exporter);
  EXPECT_NE(second.server->exporter, first.server->exporter);
  co_await chat(second);
  // Tickets outlive the certificates, and mean the one that was shown when the session began.
  EXPECT_TRUE(server->replace({certificate_for(world, {"mx.example.org"})}));
  if (!tls13) {  // a ticket of TLS 1.2 is not renewed each time
    Secured anew = co_await secured(world, server, tls_client(world), peer);
    CHECK(anew.server);
    EXPECT_NE(anew.server->server_end_point, first.server->server_end_point);
    co_return;
  }
  Secured third = co_await secured(world, server, client, peer);
  CHECK(third.server);
  EXPECT_TRUE(third.server->resumed);
  EXPECT_EQ(third.server->server_end_point, first.server->server_end_point);
  EXPECT_EQ(third.client->server_end_point, first.server->server_end_point);
  // Another server does not know them.
  auto other = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  co_await chat(third);
  Secured stranger = co_await secured(world, other, client, peer);
  CHECK(stranger.server);
  EXPECT_FALSE(stranger.server->resumed);
  co_await chat(stranger);
}
Task<> resume13(World& world) {
  co_await resume_with(world, true);
}
Task<> resume12(World& world) {
  co_await resume_with(world, false);
}
TEST_P(TlsWorlds, ASessionIsResumedAndSurvivesNewCertificates) {
  run(resume13);
}
TEST_P(TlsWorlds, ASessionOfTls12IsResumed) {
  run(resume12);
}

Task<> bulk(Stream& stream, char letter, std::size_t size, bool& sent) {
  constexpr std::size_t kPiece = 100'000;
  for (std::size_t done = 0; done < size; done += kPiece) {
    stream.put(std::string(std::min(kPiece, size - done), letter));
    if (!co_await stream.flush()) co_return;
  }
  sent = true;
}
Task<> take(Stream& stream, char letter, std::size_t size, bool& right) {
  std::size_t taken = 0;
  while (taken < size) {
    for (char c : stream.input()) right = right && c == letter;
    taken += stream.input().size();
    stream.consume(stream.input().size());
    if (taken < size && !co_await stream.fill()) right = false;
    if (!right) co_return;
  }
}

Task<> both_ways(World& world) {
  constexpr std::size_t kOctets = 400'000;
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  Secured both = co_await secured(world, server, tls_client(world), {.name = "mx.example.org"});
  CHECK(both.server && both.client);
  bool up = false, down = false, right = true;
  Nursery nursery(world.executor());
  nursery.spawn(bulk(both.pair.client->stream(), 'u', kOctets, up));
  nursery.spawn(bulk(*both.pair.server, 'd', kOctets, down));
  nursery.spawn(take(both.pair.client->stream(), 'd', kOctets, right));
  nursery.spawn(take(*both.pair.server, 'u', kOctets, right));
  co_await nursery.join();
  EXPECT_TRUE(up && down && right);
  co_await chat(both);
}
TEST_P(TlsWorlds, MuchGoesBothWaysAtOnce) {
  run(both_ways);
}

Task<> ends(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  Secured half = co_await secured(world, server, tls_client(world), {.name = "mx.example.org"});
  CHECK(half.server && half.client);
  // The client ends its side and still hears the answer (RFC 8446 §6.1).
  EXPECT_TRUE(co_await half.pair.client->say("question\n"));
  half.pair.client->stream().shutdown_write();
  Error::Kind why{};
  EXPECT_EQ(co_await next_line(*half.pair.server, why), "question\n");
  EXPECT_EQ(co_await next_line(*half.pair.server, why), "");
  EXPECT_EQ(why, Error::Kind::closed);
  char octets[10];
  EXPECT_EQ(half.pair.server->transport().try_read(octets).kind, Io::Kind::eof);
  half.pair.server->put("answer\n");
  EXPECT_TRUE(co_await half.pair.server->flush());
  EXPECT_EQ(co_await half.pair.client->line(), "answer");
  half.pair.server->shutdown_write();
  EXPECT_EQ(co_await half.pair.client->rest(), "");
  EXPECT_EQ(half.pair.client->stream().transport().try_read(octets).kind, Io::Kind::eof);

  Secured torn = co_await secured(world, server, tls_client(world), {.name = "mx.example.org"});
  CHECK(torn.server && torn.client);
  torn.pair.client.reset();  // without a word
  EXPECT_EQ(co_await next_line(*torn.pair.server, why), "");
  EXPECT_EQ(why, Error::Kind::closed);
  EXPECT_EQ(torn.pair.server->transport().try_read(octets).kind, Io::Kind::failed)
      << "a truncation is not taken for the end";
}
TEST_P(TlsWorlds, AnEndIsToldFromATruncation) {
  run(ends);
}

Task<> wait_once(Stream& stream, Result<>& result) {
  result = co_await stream.fill();
}
Task<> stirred(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  Secured both = co_await secured(world, server, tls_client(world), {.name = "mx.example.org"});
  CHECK(both.server && both.client);
  Result<> result = fail(Error::Kind::unavailable, "");
  {
    Nursery nursery(world.executor());
    nursery.spawn(wait_once(*both.pair.server, result));
    co_await runtime::sleep_for(5ms);
    both.pair.server->nudge();
    co_await nursery.join();
  }
  EXPECT_TRUE(result);
  EXPECT_TRUE(both.pair.server->input().empty());
  co_await chat(both);
  both.pair.server->set_timeout(5ms);
  auto silent = co_await both.pair.server->fill();
  EXPECT_TRUE(!silent && silent.error().is(Error::Kind::timeout));
  both.pair.server->set_timeout(1min);
  co_await chat(both);
  Nursery nursery(world.executor());
  nursery.spawn(wait_once(*both.pair.server, result));
  co_await runtime::sleep_for(5ms);
  both.pair.server->interrupt();
  co_await nursery.join();
  EXPECT_TRUE(!result && result.error().is(Error::Kind::cancelled));
  both.pair.server->put("421 closing\r\n");
  EXPECT_TRUE(co_await both.pair.server->flush());
  EXPECT_EQ(co_await both.pair.client->line(), "421 closing");
}
TEST_P(TlsWorlds, NudgeTimeoutAndInterruptWorkAsInClear) {
  run(stirred);
}

Task<> slow_reader(World& world) {
  auto server = tls_server(world, {.certificates = {certificate_for(world, {"mx.example.org"})}});
  Secured both = co_await secured(world, server, tls_client(world), {.name = "mx.example.org"});
  CHECK(both.server && both.client);
  both.pair.server->set_timeout(5ms);
  both.pair.server->put(std::string(400'000, 'x'));
  auto flushed = co_await both.pair.server->flush();
  EXPECT_TRUE(!flushed && flushed.error().is(Error::Kind::timeout));
  // What could not leave goes on later, from the record that was begun.
  both.pair.server->set_timeout(1min);
  bool right = true;
  Nursery nursery(world.executor());
  nursery.spawn(take(both.pair.client->stream(), 'x', 400'000, right));
  EXPECT_TRUE(co_await both.pair.server->flush());
  co_await nursery.join();
  EXPECT_TRUE(right);
  co_await chat(both);
}
TEST_P(TlsWorlds, ARecordThatWasCutIsContinued) {
  run(slow_reader);
}

}  // namespace
}  // namespace posta::net::testing
