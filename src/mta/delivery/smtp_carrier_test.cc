// The SMTP carrier against hosts that say what the script wants: every reply at every step, the
// connection cut at every step.
#include "mta/delivery/carrier_test.h"

namespace posta::mta::testing {
namespace {

TEST_F(Carrier, ALetterGoesOutInOneTransaction) {
  Host host(executor, network, "192.0.2.1");
  EXPECT_EQ(deliver({"bob@example.net", "eve@example.net"}),
            "delivered 250 2.0.0 taken; delivered 250 2.0.0 taken");
  EXPECT_EQ(host.lines(), (std::vector<std::string>{
                              "EHLO mx.example.org", "MAIL FROM:<ann@example.org> SIZE=24",
                              "RCPT TO:<bob@example.net>", "RCPT TO:<eve@example.net>", "DATA"}));
  EXPECT_EQ(host.messages(), std::vector<std::string>{"Subject: hello\r\n\r\nbody\r\n"});
  EXPECT_EQ(last.each[0].host, "mx1.example.net");
  EXPECT_FALSE(last.unreachable);
}

TEST_F(Carrier, WithoutEhloItIsHelo) {
  Host host(executor, network, "192.0.2.1");
  host.say("EHLO", "502 5.5.1 what?");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.lines(), (std::vector<std::string>{"EHLO mx.example.org", "HELO mx.example.org",
                                                    "MAIL FROM:<ann@example.org>",
                                                    "RCPT TO:<bob@example.net>", "DATA"}));
}

TEST_F(Carrier, DotsAreStuffedAndTheLastLineEnded) {
  Host host(executor, network, "192.0.2.1");
  write(".\r\n..a\r\nno end");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.messages()[0], "..\r\n...a\r\nno end\r\n");
}

TEST_F(Carrier, NoBareCrOrLfLeaves) {
  Host host(executor, network, "192.0.2.1");
  write("a\nb\rc\r\n\n.\n\r.\r\n");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  const std::string& sent = host.messages()[0];
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (sent[i] == '\n') EXPECT_TRUE(i > 0 && sent[i - 1] == '\r') << i;
    if (sent[i] == '\r') EXPECT_TRUE(i + 1 < sent.size() && sent[i + 1] == '\n') << i;
  }
  EXPECT_EQ(sent, "a\r\nb\r\nc\r\n\r\n..\r\n\r\n..\r\n");
}

TEST_F(Carrier, AMessageLargerThanAPieceArrivesWhole) {
  Host host(executor, network, "192.0.2.1");
  std::string text = "Subject: large\r\n\r\n";
  for (int i = 0; i < 40'000; ++i) text += "line " + std::to_string(i) + "\r\n";
  write(text);
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.messages()[0], text);
}

// --- replies at every step

struct Step {
  const char* key;
  const char* reply;
  const char* outcome;
};

TEST_F(Carrier, AReplyOfEachClassAtEachStepDecides) {
  for (const Step& c : std::vector<Step>{
           {"MAIL", "450 4.7.1 later", "deferred 450 4.7.1 later"},
           {"MAIL", "550 5.7.1 not you", "failed 550 5.7.1 not you"},
           {"MAIL", "553 no code", "failed 553 no code"},
           {"MAIL", "550 4.7.1 torn", "failed 550 4.7.1 torn"},
           {"RCPT", "450 4.2.0 greylisted", "deferred 450 4.2.0 greylisted"},
           {"RCPT", "550-5.1.1 no\r\n550 5.1.1 such user", "failed 550 5.1.1 no; such user"},
           {"RCPT", "452 4.5.3 too many", "deferred 452 4.5.3 too many"},
           {"RCPT", "599 odd", "failed 599 odd"},
           {"DATA", "451 4.3.0 later", "deferred 451 4.3.0 later"},
           {"DATA", "554 5.5.1 no", "failed 554 5.5.1 no"},
           {"DATA", "399 go", "delivered 250 2.0.0 taken"},  // RFC 5321 §4.2: by the first digit
           {".", "452 4.3.1 full", "deferred 452 4.3.1 full"},
           {".", "552 5.3.4 too big", "failed 552 5.3.4 too big"},
           {".", "200 odd yes", "delivered 200 odd yes"},
       }) {
    for (bool pipelining : {true, false}) {
      Host host(executor, network, "192.0.2.1");
      if (!pipelining) host.say("EHLO", "250 mx.example.net");
      host.say(c.key, c.reply);
      EXPECT_EQ(deliver(), c.outcome) << c.key << " " << c.reply << " " << pipelining;
      EXPECT_EQ(last.each[0].host, "mx1.example.net");
      EXPECT_FALSE(last.unreachable);
      EXPECT_EQ(pool->idle(), 1u) << c.key;  // the session is as good as before
      close_pool();
    }
  }
}

TEST_F(Carrier, RecipientsShareNoFate) {
  for (bool pipelining : {true, false}) {
    Host host(executor, network, "192.0.2.1");
    if (!pipelining) host.say("EHLO", "250 mx.example.net");
    host.say("RCPT TO:<bob", "550 5.1.1 no bob");
    host.say("RCPT TO:<carl", "451 4.2.1 carl is busy");
    EXPECT_EQ(
        deliver({"bob@example.net", "eve@example.net", "carl@example.net"}),
        "failed 550 5.1.1 no bob; delivered 250 2.0.0 taken; deferred 451 4.2.1 carl is busy");
    EXPECT_EQ(host.messages().size(), 1u);
    close_pool();
  }
}

TEST_F(Carrier, WithNobodyLeft354GetsAnEmptyMessage) {
  Host host(executor, network, "192.0.2.1");  // RFC 2920 §3.1
  host.say("RCPT", "550 5.1.1 nobody");
  host.say("DATA", "354 go on all the same");
  host.say(".", "554 5.5.1 no recipients");
  EXPECT_EQ(deliver(), "failed 550 5.1.1 nobody");
  EXPECT_EQ(host.messages(), std::vector<std::string>{""});
  host.say("RCPT", "250 ok");
  host.say(".", "250 2.0.0 taken");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");  // in the same session
  EXPECT_EQ(host.connections(), 1u);
}

// --- broken connections

TEST_F(Carrier, AConnectionCutBeforeTheDotIsForAnotherHost) {
  dns.add("example.net MX 20 mx2.example.net");
  dns.add("mx2.example.net A 192.0.2.2");
  write("Subject: more than the wire holds\r\n\r\n" + std::string(200'000, 'x') + "\r\n");
  for (const char* step : {"", "EHLO", "MAIL", "RCPT", "DATA", "body"}) {
    Host first(executor, network, "192.0.2.1");
    Host second(executor, network, "192.0.2.2");
    first.cut_at(step);
    EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken") << step;
    EXPECT_EQ(last.each[0].host, "mx2.example.net");
    EXPECT_EQ(first.connections(), 1u) << step;
    EXPECT_EQ(second.messages().size(), 1u);
    close_pool();
  }
}

TEST_F(Carrier, AConnectionCutAfterTheDotIsNotTriedElsewhere) {
  dns.add("example.net MX 20 mx2.example.net");
  dns.add("mx2.example.net A 192.0.2.2");
  Host first(executor, network, "192.0.2.1");
  Host second(executor, network, "192.0.2.2");
  first.cut_at(".");
  EXPECT_EQ(deliver(),
            "deferred 451 4.4.2 mx1.example.net[192.0.2.1] closed the connection while answering "
            "the message");
  EXPECT_EQ(last.each[0].host, "");  // the words are ours
  EXPECT_EQ(second.connections(), 0u);
  EXPECT_FALSE(last.unreachable);
}

TEST_F(Carrier, ClosingTheServiceAtEachStepIsForAnotherHost) {
  dns.add("example.net MX 20 mx2.example.net");
  dns.add("mx2.example.net A 192.0.2.2");
  for (const char* step : {"", "EHLO", "MAIL", "RCPT", "DATA"}) {
    Host first(executor, network, "192.0.2.1");
    Host second(executor, network, "192.0.2.2");
    first.say(step, "421 4.3.2 closing");
    EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken") << step;
    EXPECT_EQ(second.messages().size(), 1u) << step;
    close_pool();
  }
  Host first(executor, network, "192.0.2.1");
  first.say(".", "421 4.3.2 closing");
  EXPECT_EQ(deliver(), "deferred 421 4.3.2 closing");
  EXPECT_EQ(last.each[0].host, "mx1.example.net");
  EXPECT_EQ(pool->idle(), 0u);
}

TEST_F(Carrier, AHostThatNeverAnswersIsLeftInTime) {
  struct Case {
    const char* step;
    Duration at_least;
  };
  for (const Case& c : std::vector<Case>{{"", 300s},
                                         {"EHLO", 300s},
                                         {"MAIL", 300s},
                                         {"RCPT", 300s},
                                         {"DATA", 120s},
                                         {".", 600s}}) {
    Host host(executor, network, "192.0.2.1");
    host.say("EHLO", "250 mx.example.net");
    host.never_answer(c.step);
    Instant before = executor.now();
    EXPECT_TRUE(
        deliver().starts_with("deferred 451 4.4.2 mx1.example.net[192.0.2.1] did not "
                              "answer in time"))
        << c.step;
    EXPECT_GE(executor.now() - before, c.at_least) << c.step;
    EXPECT_LT(executor.now() - before, c.at_least + 10s) << c.step;
    EXPECT_EQ(last.unreachable.has_value(),
              std::string_view(c.step).empty() || std::string_view(c.step) == "EHLO");
    close_pool();
  }
}

TEST_F(Carrier, GarbageIsNoReply) {
  for (const char* step : {"", "EHLO", "MAIL", "RCPT", "DATA", "."}) {
    for (const char* garbage : {"HTTP/1.1 400 Bad Request", "25", "250-a\r\nno code", "\x01\x02"}) {
      Host host(executor, network, "192.0.2.1");
      host.say("EHLO", "250 mx.example.net");
      host.say(step, garbage);
      EXPECT_TRUE(deliver().starts_with("deferred 451 4.5.0 ")) << step << " " << garbage;
      EXPECT_EQ(pool->idle(), 0u);
      close_pool();
    }
  }
  Host host(executor, network, "192.0.2.1");
  host.say("DATA", "250 2.0.0 whatever");  // not what the step allows
  EXPECT_TRUE(deliver().starts_with("deferred 451 4.5.0 "));
}

TEST_F(Carrier, AnEndlessReplyIsCutOff) {
  Host host(executor, network, "192.0.2.1");
  std::string endless;
  for (int i = 0; i < 300; ++i) endless += "250-and so on\r\n";
  host.say("MAIL", endless + "250 end");
  EXPECT_TRUE(deliver().starts_with("deferred 451 4.5.0 "));
  Host other(executor, network, "192.0.2.9");
  dns.remove("mx1.example.net");
  dns.add("mx1.example.net A 192.0.2.9");
  other.say(".", "550 5.0.0 " + std::string(3000, 'x') + "\r\n");
  std::string said = deliver();
  EXPECT_TRUE(said.starts_with("failed 550 5.0.0 xxx"));
  EXPECT_LE(said.size(), config.limits.reply_octets_kept_max + 40);
}

// --- hosts

TEST_F(Carrier, HostsAreTriedInTheirOrder) {
  dns.add("example.net MX 5 mx0.example.net");
  dns.add("mx0.example.net A 192.0.2.10");  // nobody listens
  Host host(executor, network, "192.0.2.1");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(events.counts["delivery.host.failed"], 1u);
}

TEST_F(Carrier, WhoCannotBeReachedIsSaidOfTheDestination) {
  EXPECT_EQ(
      deliver(),
      "deferred 451 4.4.1 mx1.example.net: cannot connect to 192.0.2.1:25: connection refused");
  ASSERT_TRUE(last.unreachable);
  dns.fail("example.net");
  EXPECT_EQ(deliver(), "deferred 451 4.4.3 no answer from the DNS for example.net MX");
  EXPECT_TRUE(last.unreachable);
  dns.mend("example.net");
  Host host(executor, network, "192.0.2.1");
  host.say("", "554 5.7.1 not from you");
  EXPECT_EQ(deliver().substr(0, 23), "deferred 451 4.3.2 554 ");
  EXPECT_TRUE(last.unreachable);
}

TEST_F(Carrier, AHostThatTakesNoMailAtAllIsFinalIfNoOtherDoes) {
  Host host(executor, network, "192.0.2.1");  // RFC 7504 §3
  host.say("", "521 5.3.2 no mail here");
  EXPECT_TRUE(deliver().starts_with("failed 521 5.3.2 "));
  EXPECT_FALSE(last.unreachable);
  dns.add("example.net MX 20 mx2.example.net");
  dns.add("mx2.example.net A 192.0.2.2");
  Host second(executor, network, "192.0.2.2");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
}

TEST_F(Carrier, WhatTheDnsDeniesFails) {
  EXPECT_EQ(deliver({"bob@nowhere.example"}),
            "failed 550 5.1.2 The domain nowhere.example does not exist");
  dns.add("null.example MX 0 .");
  EXPECT_EQ(deliver({"bob@null.example"}),
            "failed 556 5.1.10 The domain null.example does not accept mail");
  EXPECT_FALSE(last.unreachable);
}

TEST_F(Carrier, AHostWithOurOwnNameIsWe) {
  Host host(executor, network, "192.0.2.1");
  host.say("", "220 MX.example.org ESMTP posta");
  EXPECT_TRUE(deliver().starts_with("failed 554 5.4.6 mx1.example.net[192.0.2.1] greets with"));
  EXPECT_EQ(last.each[0].host, "");
}

// --- sessions

TEST_F(Carrier, TheNextLetterUsesTheOpenSession) {
  Host host(executor, network, "192.0.2.1");
  deliver();
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.connections(), 1u);
  EXPECT_EQ(host.count("EHLO"), 1u);
  executor.run_for(config.limits.idle_time + 1s);
  EXPECT_EQ(pool->idle(), 0u);
  EXPECT_EQ(host.count("QUIT"), 1u);
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.connections(), 2u);
}

TEST_F(Carrier, ASessionThatTheHostClosedWhileIdleIsReplaced) {
  Host host(executor, network, "192.0.2.1");
  host.close_when_idle();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.messages().size(), 3u);
  EXPECT_EQ(host.connections(), 3u);
}

TEST_F(Carrier, ASessionEndsAfterAsManyLettersAsTheHostAllows) {
  Host host(executor, network, "192.0.2.1");
  host.say("EHLO", "250-mx.example.net\r\n250 LIMITS MAILMAX=2 RCPTMAX=1");  // RFC 9422
  EXPECT_EQ(deliver({"bob@example.net", "eve@example.net", "carl@example.net"}),
            "delivered 250 2.0.0 taken; delivered 250 2.0.0 taken; delivered 250 2.0.0 taken");
  EXPECT_EQ(host.count("MAIL"), 3u);
  EXPECT_EQ(host.connections(), 2u);
}

TEST_F(Carrier, OneRecipientTooManyHasTheNextTransaction) {
  Host host(executor, network, "192.0.2.1");
  host.say_once("RCPT TO:<eve", "452 4.5.3 too many");  // RFC 5321 §4.5.3.1.10
  EXPECT_EQ(deliver({"bob@example.net", "eve@example.net"}),
            "delivered 250 2.0.0 taken; delivered 250 2.0.0 taken");
  EXPECT_EQ(host.count("MAIL"), 2u);
  EXPECT_EQ(host.connections(), 1u);
}

TEST_F(Carrier, ManyRecipientsGoInTransactionsOfAHundred) {
  Host host(executor, network, "192.0.2.1");
  std::vector<std::string> to;
  for (int i = 0; i < 250; ++i) to.push_back("user" + std::to_string(i) + "@example.net");
  deliver(to);
  for (const Outcome& one : last.each) EXPECT_EQ(one.kind, Outcome::Kind::delivered);
  EXPECT_EQ(host.count("MAIL"), 3u);
  EXPECT_EQ(host.count("RCPT"), 250u);
}

TEST_F(Carrier, WhenWeEndWhatWasNotSentIsNotDecided) {
  Host host(executor, network, "192.0.2.1");
  host.never_answer("MAIL");
  if (!pool) pool.emplace(executor, carrier->config().limits);
  runtime::Nursery nursery(executor);
  auto go = [this]() -> Task<> {
    RemoteJob job{letter,
                  message,
                  {*Domain::parse("example.net"), nullptr},
                  {*Address::parse("bob@example.net")}};
    last = co_await carrier->deliver(std::move(job), *pool, stop);
  };
  nursery.spawn(go());
  executor.run_for(10s);
  stop.request();
  executor.run_task(nursery.join());
  EXPECT_TRUE(last.stopped);
  EXPECT_FALSE(last.unreachable);
  EXPECT_EQ(last.each[0].kind, Outcome::Kind::deferred);
}

TEST_F(Carrier, WhenWeEndTheReplyToAWholeMessageIsAwaitedALittle) {
  for (bool answers : {true, false}) {
    Host host(executor, network, "192.0.2.1");
    host.never_answer(".");
    if (!pool) pool.emplace(executor, carrier->config().limits);
    runtime::Stop ending;
    runtime::Nursery nursery(executor);
    auto go = [this, &ending]() -> Task<> {
      RemoteJob job{letter,
                    message,
                    {*Domain::parse("example.net"), nullptr},
                    {*Address::parse("bob@example.net")}};
      last = co_await carrier->deliver(std::move(job), *pool, ending);
    };
    nursery.spawn(go());
    executor.run_for(10s);
    Instant before = executor.now();
    ending.request();
    executor.run_task(nursery.join());
    EXPECT_EQ(last.each[0].kind, Outcome::Kind::deferred);
    EXPECT_EQ(executor.now() - before, config.limits.stop_time);
    close_pool();
    (void)answers;
  }
}

// --- extensions

TEST_F(Carrier, AMessageTooBigForTheHostIsNotSent) {
  Host host(executor, network, "192.0.2.1");
  host.say("EHLO", "250-mx.example.net\r\n250 SIZE 20");
  EXPECT_EQ(deliver(),
            "failed 552 5.3.4 The message is larger than the 20 octets that "
            "mx1.example.net[192.0.2.1] takes");
  EXPECT_EQ(last.each[0].host, "");  // it said no word of it
  EXPECT_EQ(host.count("MAIL"), 0u);
  EXPECT_EQ(pool->idle(), 1u);
}

TEST_F(Carrier, EightBitsGoWhereTheyAreTaken) {
  Host host(executor, network, "192.0.2.1");
  write("Subject: x\r\n\r\n\xC3\xA9\r\n");
  letter.envelope.eight_bit = true;
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.lines()[1], "MAIL FROM:<ann@example.org> SIZE=18 BODY=8BITMIME");
  close_pool();
  host.say("EHLO", "250 mx.example.net");
  EXPECT_TRUE(deliver().starts_with("failed 554 5.6.3 "));  // RFC 6152 §3
  EXPECT_EQ(last.each[0].host, "");
  write("Subject: x\r\n\r\nascii after all\r\n");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.lines().back(), "DATA");
  EXPECT_EQ(host.lines()[host.lines().size() - 3], "MAIL FROM:<ann@example.org>");
}

TEST_F(Carrier, InternationalLettersGoWhereTheyAreTaken) {
  Host host(executor, network, "192.0.2.1");
  letter.envelope.smtputf8 = true;
  EXPECT_EQ(deliver({"b\xC3\xB6"
                     "b@example.net"}),
            "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.lines()[1], "MAIL FROM:<ann@example.org> SIZE=24 BODY=8BITMIME SMTPUTF8");
  EXPECT_EQ(host.lines()[2],
            "RCPT TO:<b\xC3\xB6"
            "b@example.net>");
  close_pool();
  host.say("EHLO", "250-mx.example.net\r\n250 8BITMIME");
  // RFC 6531 §3.2; the ASCII recipient of an ASCII header goes on.
  EXPECT_EQ(deliver({"b\xC3\xB6"
                     "b@example.net",
                     "bob@example.net"}),
            "failed 550 5.6.7 mx1.example.net[192.0.2.1] does not take international addresses or "
            "headers; delivered 250 2.0.0 taken");
  EXPECT_EQ(last.each[0].host, "");
  EXPECT_EQ(last.each[1].host, "mx1.example.net");
  write("Subject: \xC3\xA9\r\n\r\nbody\r\n");
  EXPECT_TRUE(deliver().starts_with("failed 550 5.6.7 "));
  write(
      "Subject: x\r\n\r\nb\xC3\xB6"
      "dy\r\n");
  EXPECT_EQ(deliver(), "delivered 250 2.0.0 taken");
  letter.envelope.from = Address::parse("\xC3\xA4nn@example.org").value();
  EXPECT_TRUE(deliver().starts_with("failed 550 5.6.7 "));
}

TEST_F(Carrier, TheNullSenderIsSaid) {
  Host host(executor, network, "192.0.2.1");
  letter.envelope.from.reset();
  deliver();
  EXPECT_EQ(host.lines()[1], "MAIL FROM:<> SIZE=24");
}

TEST_F(Carrier, DemandedTlsThatIsNotOfferedKeepsTheLetter) {
  Host host(executor, network, "192.0.2.1");
  config.tls = TlsLevel::encrypt;
  make();
  EXPECT_EQ(deliver(),
            "deferred 451 4.7.4 mx1.example.net[192.0.2.1] does not offer TLS, and it is demanded");
  EXPECT_EQ(host.count("MAIL"), 0u);
}

// --- the relay host

TEST_F(Carrier, TheRelayHostIsToldWhoWeAre) {
  Host host(executor, network, "127.0.0.2", 587);
  host.say("EHLO", "250-mx.example.net\r\n250 AUTH LOGIN PLAIN");
  host.say("AUTH", "235 2.7.0 welcome");
  auto relay = std::make_shared<const RelayHost>(
      *parse_relay_host("[127.0.0.2]:587 tls=none user=ann password=secret"));
  EXPECT_EQ(deliver({"bob@example.net"}, relay), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.lines()[1], "AUTH PLAIN AGFubgBzZWNyZXQ=");
  EXPECT_EQ(deliver({"eve@example.com"}, relay), "delivered 250 2.0.0 taken");
  EXPECT_EQ(host.connections(), 1u);  // one destination for all
}

TEST_F(Carrier, ARelayHostThatDoesNotBelieveUsKeepsTheMailWaiting) {
  Host host(executor, network, "127.0.0.2", 587);
  host.say("EHLO", "250-mx.example.net\r\n250 AUTH PLAIN");
  host.say("AUTH", "535 5.7.8 wrong");
  auto relay = std::make_shared<const RelayHost>(
      *parse_relay_host("[127.0.0.2]:587 tls=none user=ann password=secret"));
  EXPECT_TRUE(deliver({"bob@example.net"}, relay).starts_with("deferred 451 4.3.2 535 5.7.8 "));
  EXPECT_TRUE(last.unreachable);
  host.say("EHLO", "250 mx.example.net");
  EXPECT_TRUE(deliver({"bob@example.net"}, relay).starts_with("deferred 454 4.7.0 "));
  EXPECT_EQ(host.count("MAIL"), 0u);
}

}  // namespace
}  // namespace posta::mta::testing
