// The life of sessions: how they end, and what becomes of one that is used again.
#include "mta/delivery/carrier_test.h"

namespace posta::mta::testing {
namespace {

class CarrierSessions : public Carrier {
 protected:
  // As long as a QUIT may take.
  void let_go() { executor.run_for(config.limits.quit_time + 1s); }
};

// --- RFC 5321 §4.1.1.10: no end without QUIT

TEST_F(CarrierSessions, AHostThatIsNotToBeUsedHearsQuit) {
  struct Case {
    const char* key;
    const char* reply;
  };
  for (const Case& c : std::vector<Case>{{"", "554 5.7.1 not from you"},
                                         {"", "421 4.3.2 not now"},
                                         {"", "220 mx.example.org ESMTP"},  // our own name
                                         {"", "HTTP/1.1 400 Bad Request"},
                                         {"EHLO", "450 4.3.2 later"},
                                         {"EHLO", "354 what"},
                                         {"MAIL", "421 4.3.2 closing"},
                                         {"MAIL", "354 what"},
                                         {"RCPT", "354 what"},
                                         {"DATA", "421 4.3.2 closing"},
                                         {".", "421 4.3.2 closing"},
                                         {".", "354 what"}}) {
    Host host(executor, network, "192.0.2.1");
    if (std::string_view(c.key) != "EHLO") host.say("EHLO", "250 mx.example.net");
    host.say(c.key, c.reply);
    deliver();
    EXPECT_EQ(pool->idle(), 0u) << c.key << c.reply;
    let_go();
    EXPECT_EQ(host.count("QUIT"), 1u) << c.key << c.reply;
  }
}

TEST_F(CarrierSessions, AHostWithoutTheTlsThatIsDemandedHearsQuit) {
  config.tls = TlsLevel::encrypt;
  make();
  Host host(executor, network, "192.0.2.1");
  deliver();
  let_go();
  EXPECT_EQ(host.count("QUIT"), 1u);
}

TEST_F(CarrierSessions, ARelayHostThatRefusesOurLoginHearsQuit) {
  Host host(executor, network, "127.0.0.2", 587);
  auto relay = std::make_shared<const RelayHost>(
      *parse_relay_host("[127.0.0.2]:587 tls=none user=ann password=secret"));
  for (const char* offered : {"250 AUTH PLAIN", "250 AUTH SCRAM-SHA-256", "250 SIZE"}) {
    host.say("EHLO", std::string("250-mx.example.net\r\n") + offered);
    host.say("AUTH PLAIN", "535 5.7.8 wrong");
    host.say("AUTH SCRAM", "334 ????");
    const std::size_t before = host.count("QUIT");
    deliver({"bob@example.net"}, relay);
    let_go();
    EXPECT_EQ(host.count("QUIT"), before + 1) << offered;
  }
}

TEST_F(CarrierSessions, NothingWaitsForTheAnswerToQuit) {
  Host host(executor, network, "192.0.2.1");
  host.say("", "554 5.7.1 not from you");
  host.never_answer("QUIT");
  Instant before = executor.now();
  deliver();
  EXPECT_LT(executor.now() - before, 1s);
  let_go();
  EXPECT_EQ(host.count("QUIT"), 1u);
}

TEST_F(CarrierSessions, QuitNeverBecomesPartOfAMessage) {
  Host host(executor, network, "192.0.2.1");
  // Not understood, with DATA under way in the pipeline: the host may wait for a message.
  host.say("MAIL", "HTTP/1.1 400 Bad Request");
  deliver();
  let_go();
  EXPECT_EQ(host.count("QUIT"), 0u);
  EXPECT_EQ(host.unfinished(), "");
}

// --- what is said unasked

// Says more in a moment, while the session is idle.
TEST_F(CarrierSessions, AWordThatNobodyAskedForEndsAnIdleSession) {
  for (const char* stray : {"250 2.0.0 taken", "550 5.7.1 that was spam after all",
                            "421 4.4.2 idle for too long", "250-", "no reply at all"}) {
    Host host(executor, network, "192.0.2.1");
    host.say("RCPT TO:<eve", "550 5.1.1 no eve");
    host.say_once(".", std::string("250 2.0.0 taken\r\n") + stray);
    EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken") << stray;
    executor.run_for(1s);
    EXPECT_EQ(deliver({"bob@example.net", "eve@example.net"}),
              "delivered 250 2.0.0 taken; failed 550 5.1.1 no eve")
        << stray;
    EXPECT_EQ(host.connections(), 2u) << stray;
    let_go();
    EXPECT_EQ(host.count("QUIT"), 2u) << stray;
    close_pool();
  }
}

TEST_F(CarrierSessions, AHostOutOfStepRefusesNobody) {
  // Too late to be seen before MAIL, and each answer is taken for the next one's. On a new session
  // everybody is asked again.
  for (const char* stray : {"250 2.0.0 taken", "550 5.7.1 that was spam after all"}) {
    for (bool pipelining : {true, false}) {
      Host host(executor, network, "192.0.2.1");
      if (!pipelining) host.say("EHLO", "250 mx.example.net");
      EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken") << stray;
      host.say("RCPT TO:<eve", "550 5.1.1 no eve");
      host.say_once("MAIL", std::string(stray) + "\r\n250 2.1.0 ok");
      EXPECT_EQ(deliver({"bob@example.net", "eve@example.net"}),
                "delivered 250 2.0.0 taken; failed 550 5.1.1 no eve")
          << stray << pipelining;
      EXPECT_EQ(host.connections(), 2u) << stray << pipelining;
      close_pool();
    }
  }
}

TEST_F(CarrierSessions, AHostThatRefusesEverythingAndHangsUpIsBelieved) {
  for (const char* last : {"MAIL", "RCPT"}) {
    Host host(executor, network, "192.0.2.1");
    host.say("EHLO", "250 mx.example.net");
    host.say(last, "550 5.7.1 not you");
    host.cut_at("RSET");
    EXPECT_EQ(deliver(), "failed 550 5.7.1 not you") << last;
    close_pool();
  }
}

TEST_F(CarrierSessions, AnIdleHostThatIsGoneIsNotAskedAgain) {
  Host host(executor, network, "192.0.2.1");
  host.close_when_idle();
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  executor.run_for(1s);
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.count("MAIL"), 2u);
  EXPECT_EQ(host.connections(), 2u);
}

}  // namespace
}  // namespace posta::mta::testing
