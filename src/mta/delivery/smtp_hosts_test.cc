// Which host takes a letter when the first does not (RFC 5321 §5.1).
#include "mta/delivery/carrier_test.h"

namespace posta::mta::testing {
namespace {

class CarrierHosts : public Carrier {
 protected:
  CarrierHosts() {
    dns.add("example.net MX 20 mx2.example.net");
    dns.add("mx2.example.net A 192.0.2.2");
  }
};

TEST_F(CarrierHosts, WhoIsPutOffBeforeTheMessageGoesToTheNextHost) {
  for (const char* step : {"MAIL", "RCPT", "DATA"}) {
    for (bool pipelining : {true, false}) {
      Host first(executor, network, "192.0.2.1");
      Host second(executor, network, "192.0.2.2");
      if (!pipelining) first.say("EHLO", "250 mx.example.net");
      first.say(step, "450 4.3.2 not now");
      EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken") << step << pipelining;
      EXPECT_EQ(last.each[0].host, "mx2.example.net");
      EXPECT_EQ(second.messages().size(), 1u);
      // The next letter begins with the better host, on the session that is open there.
      first.say(step, step == std::string_view("DATA") ? "354 go on" : "250 2.0.0 ok");
      EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken") << step << pipelining;
      EXPECT_EQ(last.each[0].host, "mx1.example.net");
      EXPECT_EQ(first.connections(), 1u);
      close_pool();
    }
  }
}

TEST_F(CarrierHosts, WhatTheFirstHostSaidIsTheOutcomeIfNoneDecides) {
  Host first(executor, network, "192.0.2.1");
  first.say("RCPT", "450 4.2.0 greylisted");
  EXPECT_EQ(deliver(), "deferred 450 4.2.0 greylisted");  // the second is down
  EXPECT_EQ(last.each[0].host, "mx1.example.net");
  EXPECT_FALSE(last.unreachable);
  Host second(executor, network, "192.0.2.2");
  second.say("RCPT", "451 4.3.0 try the other one");
  EXPECT_EQ(deliver(), "deferred 450 4.2.0 greylisted");
  EXPECT_EQ(second.count("RCPT"), 1u);
  second.say("RCPT", "550 5.1.1 nobody of that name");
  EXPECT_EQ(deliver(), "failed 550 5.1.1 nobody of that name");
  EXPECT_EQ(last.each[0].host, "mx2.example.net");
}

TEST_F(CarrierHosts, OnlyWhoIsPutOffIsAskedElsewhere) {
  Host first(executor, network, "192.0.2.1");
  Host second(executor, network, "192.0.2.2");
  first.say("RCPT TO:<eve", "450 4.2.0 greylisted");
  first.say("RCPT TO:<joe", "550 5.1.1 no joe");
  EXPECT_EQ(deliver({"bob@example.net", "eve@example.net", "joe@example.net"}),
            "delivered 250 2.0.0 taken; delivered 250 2.0.0 taken; failed 550 5.1.1 no joe");
  EXPECT_EQ(first.messages().size(), 1u);
  EXPECT_EQ(second.count("RCPT"), 1u);
  EXPECT_EQ(second.count("RCPT TO:<eve@"), 1u);
}

TEST_F(CarrierHosts, TheAnswerToTheMessageStandsWhateverItIs) {
  Host first(executor, network, "192.0.2.1");
  Host second(executor, network, "192.0.2.2");
  first.say(".", "452 4.3.1 full");
  EXPECT_EQ(deliver(), "deferred 452 4.3.1 full");
  EXPECT_EQ(second.connections(), 0u);
}

TEST_F(CarrierHosts, TheOtherAddressOfAHostIsNotAskedAgain) {
  dns.add("mx1.example.net A 192.0.2.3");
  dns.add("example.net MX 15 alias.example.net");  // the same machine by another name
  dns.add("alias.example.net A 192.0.2.1");
  dns.add("alias.example.net A 192.0.2.3");
  Host one(executor, network, "192.0.2.1"), other(executor, network, "192.0.2.3");
  Host second(executor, network, "192.0.2.2");
  for (Host* host : {&one, &other}) host->say("RCPT", "450 4.2.0 greylisted");
  config.limits.hosts_tried_max = 3;
  make();
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(last.each[0].host, "mx2.example.net");
  // One by mx1, the other by its second name at most.
  EXPECT_LE(one.count("RCPT") + other.count("RCPT"), 2u);
  EXPECT_EQ(one.count("RCPT"), one.connections());
}

TEST_F(CarrierHosts, NoMoreHostsAreTriedThanTheLimit) {
  config.limits.hosts_tried_max = 1;
  make();
  Host first(executor, network, "192.0.2.1");
  Host second(executor, network, "192.0.2.2");
  first.say("RCPT", "450 4.2.0 greylisted");
  EXPECT_EQ(deliver(), "deferred 450 4.2.0 greylisted");
  EXPECT_EQ(second.connections(), 0u);
}

TEST_F(CarrierHosts, AnOpenSessionThatPutsOffIsFollowedByTheOtherHosts) {
  Host first(executor, network, "192.0.2.1");
  Host second(executor, network, "192.0.2.2");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  first.say("RCPT", "450 4.2.0 greylisted");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(last.each[0].host, "mx2.example.net");
  EXPECT_EQ(first.connections(), 1u);
  EXPECT_EQ(pool->idle(), 1u);
}

TEST_F(CarrierHosts, WhereWeStandInTheListMailWaitsForWhoIsBetter) {
  Host we(executor, network, "192.0.2.2");
  we.say("", "220 mx.example.org ESMTP");  // by an address that we do not know
  EXPECT_TRUE(deliver().starts_with("deferred 451 4.4.1 mx1.example.net: cannot connect"));
  Host first(executor, network, "192.0.2.1");
  first.say("MAIL", "450 4.3.2 not now");
  EXPECT_EQ(deliver(), "deferred 450 4.3.2 not now");
}

}  // namespace
}  // namespace posta::mta::testing
