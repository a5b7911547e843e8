// Mail for other hosts: owed at admission, grouped, tried, reported.
#include "mta/delivery/hosts_test.h"
#include "mta/queue/destinations.h"
#include "mta/queue/house_test.h"

namespace posta::mta::testing {
namespace {

class Remote : public HouseTest {
 protected:
  Remote() {
    resolver.add("example.net MX 10 mx.example.net");
    resolver.add("mx.example.net A 192.0.2.1");
    resolver.add("example.com A 192.0.2.2");
  }
  ~Remote() override { end(false); }
};

TEST_F(Remote, ALetterForAnotherHostLeavesWithinAMillisecond) {
  Host host(executor, network, "192.0.2.1");
  start_worker();
  resolver.settings().delay_max = std::chrono::microseconds(100);
  pass(1s);
  EXPECT_EQ(words(admit("ann@example.org", {"joe@example.net"})), "joe@example.net deferred");
  pass(1ms);
  EXPECT_GE(resolver.questions(), 1u);
  pass(1s);
  EXPECT_EQ(host.messages().size(), 1u);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(events.count("queue.recipient.delivered"), 1u);
}

TEST_F(Remote, RecipientsOfOneDestinationShareATransaction) {
  Host host(executor, network, "192.0.2.1");
  Host other(executor, network, "192.0.2.2");
  start_worker();
  admit("ann@example.org",
        {"joe@example.net", "bob@example.org", "sue@example.net", "kim@example.com"});
  pass(1min);
  EXPECT_EQ(host.count("MAIL"), 1u);
  EXPECT_EQ(host.count("RCPT"), 2u);
  EXPECT_EQ(other.count("RCPT"), 1u);
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(Remote, WhatFailsIsReportedWithWhoSaidSo) {
  Host host(executor, network, "192.0.2.1");
  host.say("RCPT TO:<joe", "550 5.1.1 no joe here");
  start_worker();
  admit("ann@example.org", {"joe@example.net", "sue@example.net"});
  pass(1min);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(host.messages().size(), 1u);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  for (std::string_view part :
       {"Final-Recipient: rfc822; joe@example.net\r\n", "Status: 5.1.1\r\n",
        "Remote-MTA: dns; mx.example.net\r\n", "Diagnostic-Code: smtp; 550 5.1.1 no joe here\r\n",
        "Action: failed\r\n"})
    EXPECT_TRUE(contains(inbox("ann@example.org")[0], part)) << part;
  EXPECT_FALSE(contains(inbox("ann@example.org")[0], "sue@example.net\r\nAction"));
}

TEST_F(Remote, AReportHasTheWordsOfTheHostAndOurOwnApart) {
  Host host(executor, network, "192.0.2.1");
  host.say("RCPT", "550 no such user");  // and no enhanced status
  Host small(executor, network, "192.0.2.2");
  small.say("EHLO", "250-mx.example.com\r\n250 SIZE 5");
  start_worker();
  admit("ann@example.org", {"joe@example.net", "kim@example.com"});
  pass(1min);
  ASSERT_EQ(inbox("ann@example.org").size(), 2u);
  const std::string reports = inbox("ann@example.org")[0] + inbox("ann@example.org")[1];
  for (std::string_view part :
       {"Status: 5.0.0\r\n", "Diagnostic-Code: smtp; 550 no such user\r\n",
        "The host mx.example.net said: 550 no such user\r\n", "Status: 5.3.4\r\n",
        "Diagnostic-Code: x-posta; 552 5.3.4 The message is larger than the 5 octets"})
    EXPECT_TRUE(contains(reports, part)) << part << reports;
  EXPECT_FALSE(contains(reports, "Remote-MTA: dns; example.com"));
}

TEST_F(Remote, AReportToAForeignSenderLeavesTheSameWay) {
  Host host(executor, network, "192.0.2.1");
  start_worker();
  admit("joe@example.net", {"nobody@example.org"});
  pass(1min);
  EXPECT_EQ(owed(), 0u);
  ASSERT_EQ(host.messages().size(), 1u);
  EXPECT_EQ(host.lines()[1].substr(0, 12), "MAIL FROM:<>");
  EXPECT_TRUE(contains(host.messages()[0], "Final-Recipient: rfc822; nobody@example.org"));
}

TEST_F(Remote, AReportThatIsRefusedIsDroppedWithAnEvent) {
  Host host(executor, network, "192.0.2.1");
  host.say("RCPT", "550 5.1.1 no");
  start_worker();
  admit("joe@example.net", {"nobody@example.org"});
  pass(1min);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(events.count("queue.report.sent"), 1u);
  EXPECT_EQ(events.count("queue.report.dropped"), 1u);
}

TEST_F(Remote, WhatIsDeferredComesBackAfterItsPause) {
  Host host(executor, network, "192.0.2.1");
  host.say_once("RCPT", "450 4.2.0 greylisted");
  start_worker();
  admit("ann@example.org", {"joe@example.net"});
  pass(50s);
  EXPECT_EQ(owed(), 1u);
  EXPECT_EQ(listed()[0].owed[0].last_reply.str(), "450 4.2.0 greylisted");
  EXPECT_EQ(listed()[0].owed[0].last_host, "mx.example.net");
  pass(40s);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(host.messages().size(), 1u);
}

// RFC 5321 §4.5.3.1.8: a transaction for each of them costs them more than us.
TEST_F(Remote, WhoWereDeferredTogetherComeBackInOneTransaction) {
  Host host(executor, network, "192.0.2.1");
  host.say_once("DATA", "451 4.3.0 later");
  start_worker();
  std::vector<std::string> eight;
  for (int i = 0; i < 8; ++i) eight.push_back("joe" + std::to_string(i) + "@example.net");
  admit("ann@example.org", eight);
  pass(50s);
  EXPECT_EQ(host.count("MAIL"), 1u);
  pass(1h);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(host.count("MAIL"), 2u);
  EXPECT_EQ(host.count("RCPT"), 16u);
  EXPECT_EQ(host.messages().size(), 1u);
}

TEST_F(Remote, WhatOnlyChanceHasPutOffLongerComesAlong) {
  Host host(executor, network, "192.0.2.1");
  Letter letter = letter_of("", {"joe@example.net", "sue@example.net", "kim@example.net"});
  const QueueId id = letter.id;
  EXPECT_TRUE(await(admit_text(*rooms, std::move(letter), "Subject: x\r\n\r\nx\r\n")));
  store::Batch batch;
  const Duration later[] = {60s, 74s, 76s};  // after one attempt a quarter of 60 s may be chance
  const std::vector<QueuedLetter> letters = listed();
  for (OwedRecipient owed : letters[0].owed) {
    owed.attempts = 1;
    owed.next_attempt =
        executor.wall() + std::chrono::duration_cast<std::chrono::milliseconds>(later[owed.number]);
    batch.put(owed_key(id, owed.number), encode_owed(owed));
  }
  EXPECT_TRUE(await(rooms->store->commit(std::move(batch))));
  restart(false);
  start_worker();
  pass(65s);
  EXPECT_EQ(host.count("MAIL"), 1u);
  EXPECT_EQ(host.count("RCPT"), 2u);
  pass(15s);
  EXPECT_EQ(host.count("RCPT"), 3u);
  EXPECT_EQ(owed(), 0u);
}

// RFC 3464 §3: an Original-Recipient that no ORCPT has said "MUST NOT" be there.
TEST_F(Remote, AReportOfAnAliasNamesWhomTheSenderWroteTo) {
  Host host(executor, network, "192.0.2.1");
  host.say("RCPT", "550 5.1.1 no joe here");
  rooms->town.add_alias("away@example.org", {"joe@example.net"});
  start_worker();
  admit("ann@example.org", {"away@example.org"});
  pass(1min);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  const std::string report = inbox("ann@example.org")[0];
  EXPECT_FALSE(contains(report, "Original-Recipient"));
  EXPECT_TRUE(contains(report, "Your message to <away@example.org>\r\n"));
  EXPECT_TRUE(contains(report, "Final-Recipient: rfc822; joe@example.net\r\n"));
}

TEST_F(Remote, WhatIsOursToSayIsNotPutIntoTheHostsMouth) {
  for (bool by_hand : {true, false}) {
    Host host(executor, network, "192.0.2.1");
    host.say("RCPT", "450 4.2.0 greylisted");
    start_worker();
    admit("ann@example.org", {"joe@example.net"});
    pass(10s);
    ASSERT_EQ(listed().size(), 1u);
    EXPECT_EQ(listed()[0].owed[0].last_host, "mx.example.net");
    if (by_hand) {
      EXPECT_EQ(await(rooms->queue.remove({}, Report::yes)), std::size_t{1});
    } else {
      resolver.remove("example.net");
      resolver.add("example.net MX 0 .");  // RFC 7505
    }
    pass(10min);
    EXPECT_EQ(owed(), 0u);
    ASSERT_EQ(inbox("ann@example.org").size(), 1u);
    const std::string report = inbox("ann@example.org")[0];
    EXPECT_FALSE(contains(report, "greylisted")) << report;
    EXPECT_FALSE(contains(report, "Remote-MTA")) << report;
    EXPECT_TRUE(contains(report, "Diagnostic-Code: x-posta; 5")) << report;
    EXPECT_TRUE(contains(report, by_hand ? "Status: 5.0.0" : "Status: 5.1.10")) << report;
    empty_inbox("ann@example.org");
    restart(false);
  }
}

TEST_F(Remote, WhatExpiresTellsTheLastWordOfItsHost) {
  Host host(executor, network, "192.0.2.1");
  host.say("RCPT", "450 4.2.0 greylisted");
  limits.delay_warning = 0s;
  restart(false);
  start_worker();
  admit("ann@example.org", {"joe@example.net"});
  pass(24h * 6);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  for (std::string_view part : {"Status: 5.4.7\r\n", "Remote-MTA: dns; mx.example.net\r\n",
                                "Diagnostic-Code: smtp; 450 4.2.0 greylisted\r\n",
                                "The host mx.example.net said: 450 4.2.0 greylisted"})
    EXPECT_TRUE(contains(inbox("ann@example.org")[0], part)) << part;
}

TEST_F(Remote, LatenessIsToldOnce) {
  start_worker();  // nobody listens
  admit("ann@example.org", {"joe@example.net"});
  pass(3h);
  EXPECT_TRUE(inbox("ann@example.org").empty());
  pass(24h);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  for (std::string_view part :
       {"Action: delayed\r\n", "Status: 4.4.1\r\n", "Will-Retry-Until: ", "Subject: Delayed Mail"})
    EXPECT_TRUE(contains(inbox("ann@example.org")[0], part)) << part;
  pass(24h * 2);
  EXPECT_EQ(inbox("ann@example.org").size(), 1u);
  pass(24h * 4);
  EXPECT_EQ(owed(), 0u);
  ASSERT_EQ(inbox("ann@example.org").size(), 2u);
  EXPECT_TRUE(contains(inbox("ann@example.org")[1], "Status: 5.4.7\r\n"));
}

TEST_F(Remote, OfANullSenderNobodyIsToldOfLateness) {
  start_worker();
  admit("", {"joe@example.net"});
  pass(24h);
  EXPECT_EQ(events.count("queue.report.sent"), 0u);
  EXPECT_EQ(owed(), 1u);
}

TEST_F(Remote, ADeadDestinationIsProbedByOneLetter) {
  start_worker();  // nobody listens
  for (int i = 0; i < 30; ++i) admit("", {"joe@example.net"}, "n" + std::to_string(i));
  pass(10s);
  std::size_t tried = network.connections();
  EXPECT_EQ(tried, 0u);
  std::size_t attempts = 0;
  for (const auto& letter : listed()) {
    attempts += letter.owed[0].attempts;
    EXPECT_EQ(letter.owed[0].last_reply.status, (Status{4, 4, 1}));
    // The others are put off until the next probe.
    if (letter.owed[0].attempts > 0) continue;
    EXPECT_GT(letter.owed[0].next_attempt, executor.wall() + 30s);
    EXPECT_LT(letter.owed[0].next_attempt, executor.wall() + limits.destination_dead_max);
  }
  EXPECT_EQ(attempts, limits.destination_sessions_first);
  // Only the letters that began together have asked the DNS: the first five.
  EXPECT_LE(resolver.questions(), 3u * limits.destination_sessions_first);
  std::size_t before = resolver.questions();
  pass(100s);  // all come back; one probes
  EXPECT_LE(resolver.questions() - before, 3u * 2);
  Host host(executor, network, "192.0.2.1");
  pass(1h);
  EXPECT_EQ(host.messages().size(), 30u);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(Remote, OneDestinationGetsNoMoreSessionsThanItsLimit) {
  Host host(executor, network, "192.0.2.1");
  host.never_answer(".");
  start_worker();
  for (int i = 0; i < 50; ++i) admit("", {"joe@example.net"});
  pass(10s);
  EXPECT_EQ(host.connections(), limits.destination_sessions_first);
  Host other(executor, network, "192.0.2.2");  // and others do not wait for it
  admit("", {"kim@example.com"});
  pass(1s);
  EXPECT_EQ(other.messages().size(), 1u);
}

TEST_F(Remote, ManyLettersToOneDestinationAllArrive) {
  Host host(executor, network, "192.0.2.1");
  start_worker();
  for (int i = 0; i < 200; ++i) admit("", {"joe@example.net"}, "n" + std::to_string(i));
  pass(5s);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(host.messages().size(), 200u);
  EXPECT_LE(host.connections(), limits.destination_sessions_max);
}

TEST_F(Remote, AnAliasThatLeadsAbroadIsTakenApartInOneCommit) {
  Host host(executor, network, "192.0.2.1");
  rooms->town.add_alias("away@example.org",
                        {"joe@example.net", "bob@example.org", "kim@example.com"});
  Letter letter = letter_of("ann@example.org", {"away@example.org"});
  limits.inline_recipients_max = 0;
  restart(false);
  EXPECT_TRUE(await(admit_text(*rooms, letter, "Subject: x\r\n\r\nx\r\n")));
  ASSERT_EQ(listed()[0].owed.size(), 1u);
  start_worker();
  pass(10s);
  EXPECT_EQ(host.messages().size(), 1u);
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
  ASSERT_EQ(listed().size(), 1u);
  ASSERT_EQ(listed()[0].owed.size(), 1u);
  EXPECT_EQ(listed()[0].owed[0].recipient.address.str(), "kim@example.com");
  EXPECT_EQ(listed()[0].owed[0].recipient.original, "away@example.org");
}

TEST_F(Remote, ACrashLeavesItOwedAndItIsSentAgain) {
  for (const char* step : {"", "MAIL", "DATA", "."}) {
    Host host(executor, network, "192.0.2.1");
    host.never_answer(step);
    start_worker();
    admit("ann@example.org", {"joe@example.net"});
    pass(10s);
    restart(true);
    EXPECT_EQ(owed(), 1u) << step;
    Host healthy(executor, network, "192.0.2.7");
    resolver.remove("mx.example.net");
    resolver.add("mx.example.net A 192.0.2.7");
    start_worker();
    pass(2min);
    EXPECT_EQ(owed(), 0u) << step;
    EXPECT_EQ(healthy.messages().size(), 1u) << step;
    resolver.remove("mx.example.net");
    resolver.add("mx.example.net A 192.0.2.1");
  }
}

TEST_F(Remote, AnOrderlyEndLeavesItOwedWithoutAnAttempt) {
  Host host(executor, network, "192.0.2.1");
  host.never_answer("MAIL");
  start_worker();
  admit("ann@example.org", {"joe@example.net"});
  pass(10s);
  Instant before = executor.now();
  restart(false);
  EXPECT_LT(executor.now() - before, 1s);
  EXPECT_EQ(owed(), 1u);
  EXPECT_EQ(listed()[0].owed[0].attempts, 0u);
}

// --- administrators

TEST_F(Remote, RetryDoesNotWaitForThePause) {
  start_worker();
  admit("ann@example.org", {"joe@example.net"});
  pass(10s);
  Host host(executor, network, "192.0.2.1");
  pass(10s);
  EXPECT_EQ(host.messages().size(), 0u);
  EXPECT_EQ(await(rooms->queue.retry({})), std::size_t{1});
  pass(1s);
  EXPECT_EQ(host.messages().size(), 1u);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(events.count("queue.recipient.retried"), 1u);
}

TEST_F(Remote, HoldAndReleaseAreForThoseWhoMatch) {
  limits.retry_first = 3600s;
  restart(false);
  start_worker();
  admit("ann@example.org", {"joe@example.net", "kim@example.com"});
  admit("bob@example.org", {"joe@example.net"});
  pass(10s);
  Selection net;
  net.destination = Domain::parse("example.net").value();
  EXPECT_EQ(await(rooms->queue.hold(net)), std::size_t{2});
  EXPECT_EQ(await(rooms->queue.hold(net)), std::size_t{0});
  Host host(executor, network, "192.0.2.1");
  Host other(executor, network, "192.0.2.2");
  pass(24h);
  EXPECT_EQ(host.messages().size(), 0u);
  EXPECT_EQ(other.messages().size(), 1u);
  EXPECT_EQ(owed(), 2u);
  restart(false);  // durable
  start_worker();
  pass(24h);
  EXPECT_EQ(host.messages().size(), 0u);
  EXPECT_EQ(await(rooms->queue.retry({})), std::size_t{0});
  Selection of_ann;
  of_ann.sender = Address::parse("ann@example.org").value();
  EXPECT_EQ(await(rooms->queue.release(of_ann)), std::size_t{1});
  pass(1min);
  EXPECT_EQ(host.messages().size(), 1u);
  EXPECT_EQ(await(rooms->queue.release({})), std::size_t{1});
  pass(1min);
  EXPECT_EQ(host.messages().size(), 2u);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(Remote, WhatIsRemovedIsGone) {
  start_worker();
  QueueId id;
  {
    Letter letter = letter_of("ann@example.org", {"joe@example.net", "kim@example.com"});
    id = letter.id;
    EXPECT_TRUE(await(admit_text(*rooms, std::move(letter), "Subject: x\r\n\r\nx\r\n")));
  }
  pass(10s);
  Selection all;
  all.id = id;
  Selection joe = all;
  joe.recipient = Address::parse("joe@example.net").value();
  EXPECT_EQ(await(rooms->queue.remove(joe, Report::no)), std::size_t{1});
  EXPECT_EQ(listed()[0].owed.size(), 1u);
  EXPECT_TRUE(inbox("ann@example.org").empty());
  EXPECT_EQ(await(rooms->queue.remove(all, Report::yes)), std::size_t{1});
  pass(10s);
  EXPECT_EQ(owed(), 0u);
  EXPECT_TRUE(listed().empty());
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "Removed from the queue by its administrator"));
  EXPECT_EQ(events.count("queue.recipient.removed"), 2u);
  EXPECT_EQ(await(rooms->queue.remove(all, Report::no)), std::size_t{0});
  restart(false);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(Remote, WhatIsRemovedWhileItIsSentStaysRemoved) {
  for (const char* outcome : {"450 4.2.0 later", "250 2.0.0 taken"}) {
    Host host(executor, network, "192.0.2.1");
    host.say(".", outcome);
    start_worker();
    admit("", {"joe@example.net", "kim@example.com"});
    while (host.messages().empty()) executor.step();
    EXPECT_EQ(await(rooms->queue.remove({}, Report::no)), std::size_t{2});
    pass(1h);
    EXPECT_EQ(owed(), 0u);
    EXPECT_TRUE(listed().empty());
    EXPECT_EQ(host.messages().size(), 1u);
    EXPECT_EQ(events.count("queue.trouble"), 0u);
    restart(false);
  }
}

TEST_F(Remote, WhatIsHeldWhileItIsSentIsHeldIfItIsStillOwed) {
  Host host(executor, network, "192.0.2.1");
  host.say(".", "450 4.2.0 later");
  start_worker();
  admit("", {"joe@example.net"});
  while (host.messages().empty()) executor.step();
  EXPECT_EQ(await(rooms->queue.hold({})), std::size_t{1});
  pass(24h);
  EXPECT_EQ(host.messages().size(), 1u);
  EXPECT_TRUE(listed()[0].owed[0].held);
  EXPECT_EQ(listed()[0].owed[0].attempts, 1u);
}

}  // namespace
}  // namespace posta::mta::testing
