#include <gtest/gtest.h>

#include "base/codec.h"
#include "wire/sasl/client.h"
#include "wire/sasl/plain.h"
#include "wire/sasl/prepare.h"
#include "wire/sasl/scram_server.h"

namespace posta::wire::sasl {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string base64(std::string_view text) {
  return *base64_decode(text);
}

// --- PLAIN and LOGIN

TEST(Plain, IsReadAndPrinted) {
  struct Case {
    std::string_view message;
    Plain plain;
  };
  const Case cases[] = {
      {"\0tim\0tanstaaftanstaaf"sv, {"", "tim", "tanstaaftanstaaf"}},  // RFC 4616 §4
      {"Ursel\0Kurt\0xipj3plmq"sv, {"Ursel", "Kurt", "xipj3plmq"}},
      {"\0ann\0 a  b "sv, {"", "ann", " a  b "}},
      {"\0gr\xc3\xbc\xc3\x9f\0p"sv, {"", "gr\xc3\xbc\xc3\x9f", "p"}},
      {"\0ann\0p\xfcss"sv, {"", "ann", "p\xfcss"}},  // INTEROP: ISO 8859-1
  };
  for (const Case& c : cases) {
    auto parsed = parse_plain(c.message);
    ASSERT_TRUE(parsed) << c.message;
    EXPECT_EQ(*parsed, c.plain);
    EXPECT_EQ(print(*parsed), c.message);
  }
}

TEST(Plain, WithoutItsPartsIsRefused) {
  const std::string long_name(kNameOctetsMax + 1, 'n');
  const std::string long_password(kPasswordOctetsMax + 1, 'p');
  const std::string cases[] = {"",
                               "tim",
                               "tim\0pass"s,
                               "\0\0pass"s,
                               "\0tim\0"s,
                               "\0tim\0pa\0ss"s,
                               "\0t\xfc\0p"s,
                               "\0"s + long_name + "\0p"s,
                               "\0tim\0"s + long_password};
  for (const std::string& message : cases) {
    auto parsed = parse_plain(message);
    ASSERT_FALSE(parsed) << message;
    EXPECT_TRUE(parsed.error().is(Error::Kind::syntax));
  }
}

TEST(Login, NamesAndPasswordsAreOctetsWithoutNul) {
  EXPECT_EQ(parse_login_name("ann"), "ann");
  EXPECT_FALSE(parse_login_name(""));
  EXPECT_FALSE(parse_login_name("a\0b"sv));
  EXPECT_EQ(parse_login_password(" p "), " p ");
  EXPECT_FALSE(parse_login_password(""));
}

TEST(Password, IsPreparedAsAnOpaqueString) {
  struct Case {
    std::string_view written, prepared;
  };
  const Case cases[] = {
      {"correct horse", "correct horse"},
      {"a\xc2\xa0"
       "b",
       "a b"},  // RFC 8265 §4.2.2: U+00A0
      {"a\xe3\x80\x80"
       "b",
       "a b"},                                   // U+3000
      {"e\xcc\x81", "\xc3\xa9"},                 // form C
      {"\xce\x94\xc3\x9f", "\xce\x94\xc3\x9f"},  // case stays
      {"\xff", "\xff"},                          // not UTF-8
      {"", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(prepare_password(c.written), c.prepared);
}

TEST(Mechanism, IsKnownByItsNameInAnyCase) {
  EXPECT_EQ(parse_mechanism("scram-sha-256-plus"), Mechanism::scram_sha_256_plus);
  EXPECT_EQ(parse_mechanism("PLAIN"), Mechanism::plain);
  EXPECT_EQ(parse_mechanism("CRAM-MD5"), std::nullopt);
  for (const MechanismInfo& known : kMechanisms) EXPECT_EQ(info(known.mechanism).name, known.name);
}

// --- SCRAM: the examples of the RFCs

struct Example {
  Mechanism mechanism;
  std::string_view password, client_nonce, server_nonce, salt;
  std::string_view first, challenge, last, verdict;
};

constexpr Example kExamples[] = {
    // RFC 5802 §5
    {Mechanism::scram_sha_1, "pencil", "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j",
     "QSXCR+Q6sek8bf92", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    // RFC 7677 §3
    {Mechanism::scram_sha_256, "pencil", "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
     "W22ZaJ0SNY7soEsUEjb6gQ==", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

ScramKeys keys_for(Hash hash, std::string_view password, std::string_view salt, unsigned count) {
  return scram_keys(hash, stretch(hash, password, salt, count));
}

TEST(Scram, ServerSaysWhatTheRfcsShow) {
  for (const Example& e : kExamples) {
    Hash hash = info(e.mechanism).hash;
    ScramServer server({e.mechanism, {}, false, std::string(e.server_nonce)});
    ASSERT_TRUE(server.take_first(e.first));
    EXPECT_EQ(server.user(), "user");
    EXPECT_EQ(server.authzid(), "");
    EXPECT_EQ(server.challenge(base64(e.salt), 4096), e.challenge);
    ASSERT_TRUE(server.take_final(e.last));
    ScramKeys keys = keys_for(hash, e.password, base64(e.salt), 4096);
    EXPECT_TRUE(server.proves(keys));
    EXPECT_EQ(server.verdict(keys), e.verdict);
    EXPECT_FALSE(server.proves(keys_for(hash, "Pencil", base64(e.salt), 4096)));
  }
}

TEST(Scram, ClientSaysWhatTheRfcsShow) {
  for (const Example& e : kExamples) {
    auto client = begin_client(e.mechanism, {"user", std::string(e.password)},
                               {.nonce = std::string(e.client_nonce)});
    EXPECT_EQ(client->initial(), e.first);
    EXPECT_EQ(client->respond(e.challenge), std::string(e.last));
    EXPECT_FALSE(client->satisfied());
    EXPECT_EQ(client->respond(e.verdict), std::string());
    EXPECT_TRUE(client->satisfied());
    EXPECT_FALSE(client->respond(""));
  }
}

// --- SCRAM: each side with the other

struct Talk {
  Mechanism mechanism = Mechanism::scram_sha_256;
  Bindings client_bindings = {}, server_bindings = {};
  bool announcement_lost = false;  // somebody took -PLUS out of the list
  std::string password = "p\xc3\xa4ss";
  std::string user = "a=n,n";
};

// What came of it: "yes", or who refused when.
std::string talk(const Talk& t) {
  bool plus = t.server_bindings.any();
  auto client = begin_client(t.mechanism, {t.user, t.password},
                             {.bindings = t.client_bindings,
                              .plus_offered = plus && !t.announcement_lost,
                              .nonce = "client",
                              .iterations_min = 10});
  ScramServer server({t.mechanism, t.server_bindings, plus, "server"});
  if (auto first = server.take_first(*client->initial()); !first) return "first refused";
  EXPECT_EQ(server.user(), t.user);
  auto last = client->respond(server.challenge("salt", 10));
  if (!last) return "challenge refused";
  if (auto taken = server.take_final(*last); !taken) return "final refused";
  ScramKeys keys = keys_for(info(t.mechanism).hash, "p\xc3\xa4ss", "salt", 10);
  if (!server.proves(keys)) return "wrong";
  if (!client->respond(server.verdict(keys)) || !client->satisfied()) return "server not believed";
  return "yes";
}

TEST(Scram, BothSidesAgree) {
  using enum Mechanism;
  const Bindings here{"exporter", "end point"}, elsewhere{"another exporter", "another"};
  const Bindings end_point{"", "end point"};
  EXPECT_EQ(talk({}), "yes");
  EXPECT_EQ(talk({.password = "pa\xcc\x88ss"}), "yes");  // the same, decomposed
  EXPECT_EQ(talk({.password = "pass"}), "wrong");
  EXPECT_EQ(talk({.mechanism = scram_sha_1}), "yes");
  for (Mechanism plus : {scram_sha_256_plus, scram_sha_1_plus}) {
    EXPECT_EQ(talk({plus, here, here}), "yes");
    EXPECT_EQ(talk({plus, end_point, here}), "yes");
    EXPECT_EQ(talk({plus, here, end_point}), "first refused");
    EXPECT_EQ(talk({plus, here, elsewhere}), "final refused");  // somebody in the middle
  }
  EXPECT_EQ(talk({scram_sha_256, {}, here}), "yes");                    // the client has no binding
  EXPECT_EQ(talk({scram_sha_256, here, {}}), "yes");                    // the server has none
  EXPECT_EQ(talk({scram_sha_256, here, here, true}), "first refused");  // RFC 5802 §6
}

TEST(Scram, ServerRefusesWhatIsNotItsExchange) {
  auto first = [](Mechanism m, std::string_view message) {
    ScramServer server({m, {"exporter", ""}, false, "ours"});
    auto taken = server.take_first(message);
    return taken ? std::string("taken") : describe(taken.error());
  };
  using enum Mechanism;
  EXPECT_EQ(first(scram_sha_256, "n,,n=u,r=x"), "taken");
  EXPECT_NE(first(scram_sha_256, "p=tls-exporter,,n=u,r=x"), "taken");
  EXPECT_NE(first(scram_sha_256_plus, "n,,n=u,r=x"), "taken");
  EXPECT_NE(first(scram_sha_256_plus, "y,,n=u,r=x"), "taken");
  EXPECT_NE(first(scram_sha_256_plus, "p=tls-unique,,n=u,r=x"), "taken");
  EXPECT_EQ(first(scram_sha_256_plus, "p=tls-exporter,a=ann,n=u,r=x"), "taken");

  ScramServer server({scram_sha_256, {}, false, "ours"});
  ASSERT_TRUE(server.take_first("n,,n=u,r=theirs"));
  server.challenge("salt", 10);
  const std::string proof = base64_encode(std::string(32, 'p'));
  EXPECT_FALSE(server.take_final("c=biws,r=theirs,p=" + proof));      // half a nonce
  EXPECT_FALSE(server.take_final("c=eSws,r=theirsours,p=" + proof));  // "y,," now
  EXPECT_TRUE(server.take_final("c=biws,r=theirsours,x=1,p=" + proof));
  EXPECT_FALSE(server.proves({std::string(32, 's'), std::string(32, 's')}));
}

TEST(Scram, ClientRefusesAServerThatDoesNotKnowIt) {
  auto begun = [] {
    auto client = begin_client(Mechanism::scram_sha_256, {"u", "p"}, {.nonce = "mine"});
    client->initial();
    return client;
  };
  for (std::string_view challenge : {
           "r=other,s=QQ==,i=4096",          // not our nonce
           "r=mine,s=QQ==,i=4096",           // nothing added
           "r=minetheirs,s=QQ==,i=4095",     // RFC 7677 §4
           "r=minetheirs,s=QQ==,i=1000001",  // more than we are ready to do
           "r=minetheirs,s=,i=4096",
           "m=x,r=minetheirs,s=QQ==,i=4096",
           "",
       })
    EXPECT_FALSE(begun()->respond(challenge)) << challenge;
  auto client = begun();
  ASSERT_TRUE(client->respond("r=minetheirs,s=QQ==,i=4096"));
  EXPECT_FALSE(client->respond("v=" + base64_encode(std::string(32, 'v'))));
  EXPECT_FALSE(client->respond("e=invalid-proof"));
  EXPECT_FALSE(client->satisfied());
}

TEST(Scram, EmptyFirstChallengeAsksForTheInitialResponse) {  // RFC 4422 §5
  auto client = begin_client(Mechanism::scram_sha_256, {"u", "p"}, {.nonce = "mine"});
  EXPECT_EQ(client->respond(""), std::string("n,,n=u,r=mine"));
}

TEST(Client, PlainAndLoginSayNameAndPassword) {
  auto plain = begin_client(Mechanism::plain, {"ann", "secret"}, {});
  EXPECT_EQ(plain->initial(), "\0ann\0secret"s);
  EXPECT_TRUE(plain->satisfied());
  EXPECT_FALSE(plain->respond(""));
  auto later = begin_client(Mechanism::plain, {"ann", "secret"}, {});
  EXPECT_EQ(later->respond(""), "\0ann\0secret"s);
  auto login = begin_client(Mechanism::login, {"ann", "secret"}, {});
  EXPECT_EQ(login->initial(), std::nullopt);
  EXPECT_EQ(login->respond(kLoginUser), std::string("ann"));
  EXPECT_FALSE(login->satisfied());
  EXPECT_EQ(login->respond(kLoginPassword), std::string("secret"));
  EXPECT_TRUE(login->satisfied());
  EXPECT_FALSE(login->respond("More:"));
}

TEST(Client, ChoosesTheBestThatMayBeUsed) {
  const std::string all[] = {"LOGIN", "plain", "SCRAM-SHA-1", "SCRAM-SHA-256",
                             "SCRAM-SHA-256-PLUS"};
  const std::string clear[] = {"LOGIN", "PLAIN", "CRAM-MD5"};
  EXPECT_EQ(choose(all, {"exporter", ""}, true), Mechanism::scram_sha_256_plus);
  EXPECT_EQ(choose(all, {}, true), Mechanism::scram_sha_256);
  EXPECT_EQ(choose(clear, {}, true), Mechanism::plain);
  EXPECT_EQ(choose(clear, {}, false), std::nullopt);
  EXPECT_EQ(choose({}, {}, true), std::nullopt);
  EXPECT_TRUE(offers_binding(all));
  EXPECT_FALSE(offers_binding(clear));
}

// --- SCRAM: the grammar

TEST(Scram, FirstMessageOfAClientIsReadAndPrinted) {
  for (std::string_view message : {
           "n,,n=user,r=abc",
           "y,,n=user,r=abc",
           "p=tls-exporter,,n=user,r=abc",
           "n,a=bob,n=user,r=abc",
           "n,a=b=2Cc=3Dd,n=a=3Db,r=abc",
           "n,,n=user,r=abc,x=1,y=a=b",
           "n,,n=gr\xc3\xbc\xc3\x9f,r=!~",
       }) {
    auto parsed = parse_client_first(message);
    ASSERT_TRUE(parsed) << message;
    EXPECT_EQ(print(*parsed), message);
  }
  EXPECT_EQ(parse_client_first("n,a=b=2Cc=3Dd,n=a=3Db,r=x")->authzid, "b,c=d");
}

TEST(Scram, MalformedMessagesAreRefused) {
  for (std::string_view message : {"",
                                   "n",
                                   "n,",
                                   "n,,",
                                   "n,,n=",
                                   "n,,n=,r=a",
                                   "n,,n=u",
                                   "n,,n=u,",
                                   "n,,n=u,r=",
                                   "x,,n=u,r=a",
                                   "p=,,n=u,r=a",
                                   "p=a_b,,n=u,r=a",
                                   "n,b,n=u,r=a",
                                   "n,a=,n=u,r=a",
                                   "n,,n=a=b,r=a",
                                   "n,,n=a=2c,r=a",
                                   "n,,m=1,n=u,r=a",
                                   "n,,n=u,r=a b",
                                   "n,,n=u,r=a,",
                                   "n,,n=u,r=a,1=2",
                                   "n,,n=u,r=a,m=1",
                                   "n,,n=\xff,r=a",
                                   "n,,r=a,n=u"})
    EXPECT_FALSE(parse_client_first(message)) << message;
  for (std::string_view message :
       {"", "c=biws", "c=biws,r=a", "c=,r=a,p=QQ==", "c=biws,r=a,p=", "c=biws,r=a,p=Q",
        "c=biws,r=a,p=QQ==,x=1", "c=biws,p=QQ==,r=a",
        "c=biws,r=a,m=1,p=QQ==", "r=a,c=biws,p=QQ==", "c=biws,r=a,,p=QQ=="})
    EXPECT_FALSE(parse_client_final(message)) << message;
  for (std::string_view message :
       {"", "r=a", "r=a,s=QQ==", "r=a,s=QQ==,i=", "r=a,s=QQ==,i=0", "r=a,s=QQ==,i=01",
        "r=a,s=QQ==,i=-1", "r=a,s=QQ==,i=99999999999", "r=a,s=!,i=1", "s=QQ==,r=a,i=1"})
    EXPECT_FALSE(parse_server_first(message)) << message;
  for (std::string_view message : {"", "v=", "v=!", "e=", "x=1", "v=QQ==,m=1"})
    EXPECT_FALSE(parse_server_final(message)) << message;
}

TEST(Scram, LimitsHold) {
  const std::string nonce(kNonceOctetsMax, 'n');
  EXPECT_TRUE(parse_client_first("n,,n=u,r=" + nonce));
  EXPECT_FALSE(parse_client_first("n,,n=u,r=" + nonce + "n"));
  EXPECT_FALSE(parse_client_first("n,,n=" + std::string(1025, 'u') + ",r=a"));
  EXPECT_FALSE(parse_client_first("n,,n=u,r=a,x=" + std::string(kScramOctetsMax, 'x')));
  auto salted = [](std::size_t octets) {
    return "r=a,s=" + base64_encode(std::string(octets, 's')) + ",i=1";
  };
  EXPECT_TRUE(parse_server_first(salted(kSaltOctetsMax)));
  EXPECT_FALSE(parse_server_first(salted(kSaltOctetsMax + 1)));
}

}  // namespace
}  // namespace posta::wire::sasl
