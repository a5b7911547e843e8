// Attempts, back-off, expiry, reports.
#include "mta/queue/house_test.h"
#include "mta/queue/schedule.h"

namespace posta::mta::testing {
namespace {

QueueLimits without_notices() {  // remote_test.cc has them
  QueueLimits limits;
  limits.delay_warning = 0s;
  return limits;
}

class Attempt : public HouseTest {
 protected:
  Attempt() : HouseTest(without_notices()) {}
  // A letter for bob that is owed, because he has no room.
  QueueId owe_bob(std::string_view from) {
    set_quota("bob@example.org", {.octets = 0, .messages = 1});
    if (inbox("bob@example.org").empty()) EXPECT_TRUE(admit("", {"bob@example.org"}, "first"));
    Letter letter = letter_of(from, {"bob@example.org"});
    QueueId id = letter.id;
    EXPECT_EQ(words(await(admit_text(*rooms, std::move(letter),
                                     "Subject: second\r\nMessage-ID: <2@x>\r\n\r\nsecret\r\n"))),
              "bob@example.org deferred");
    return id;
  }
  OwedRecipient only_owed() {
    auto letters = listed();
    EXPECT_EQ(letters.size(), 1u);
    EXPECT_EQ(letters[0].owed.size(), 1u);
    return letters[0].owed[0];
  }
};

TEST_F(Attempt, PausesDoubleWithJitterUpToTheLongest) {
  QueueLimits l;
  EXPECT_EQ(retry_pause(l, 1, 0), 60s);
  EXPECT_EQ(retry_pause(l, 2, 0), 120s);
  EXPECT_EQ(retry_pause(l, 5, 0), 960s);
  EXPECT_EQ(retry_pause(l, 9, 0), 4h);
  EXPECT_EQ(retry_pause(l, 1000, 0), 4h);
  for (std::uint64_t random : {1ull, 14'999ull, 123'456'789ull, ~0ull}) {
    EXPECT_GE(retry_pause(l, 1, random), 60s);
    EXPECT_LT(retry_pause(l, 1, random), 75s);
  }
}

TEST_F(Attempt, WhatIsDeferredIsTriedAgainAfterGrowingPauses) {
  owe_bob("ann@example.org");
  start_worker();
  pass(50s);
  EXPECT_EQ(only_owed().attempts, 1u);
  pass(30s);
  EXPECT_EQ(only_owed().attempts, 2u);
  pass(60s);
  EXPECT_EQ(only_owed().attempts, 2u);
  pass(2min);
  EXPECT_EQ(only_owed().attempts, 3u);
  EXPECT_EQ(events.count("queue.recipient.deferred"), 3u);
}

TEST_F(Attempt, RoomInTheMailboxLetsTheLetterIn) {
  owe_bob("ann@example.org");
  start_worker();
  pass(10min);
  empty_inbox("bob@example.org");
  pass(30min);
  EXPECT_EQ(owed(), 0u);
  EXPECT_TRUE(listed().empty());
  ASSERT_EQ(inbox("bob@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("bob@example.org")[0], "Subject: second"));
  EXPECT_EQ(events.count("queue.letter.removed"), 1u);
}

TEST_F(Attempt, WhatIsTriedInVainForTooLongIsReportedToItsSender) {
  owe_bob("ann@example.org");
  start_worker();
  pass(24h * 4);
  EXPECT_EQ(owed(), 1u);  // RFC 5321 §4.5.4.1: "at least 4-5 days"
  EXPECT_TRUE(inbox("ann@example.org").empty());
  pass(24h * 2);
  EXPECT_EQ(owed(), 0u);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  const std::string report = inbox("ann@example.org")[0];
  // RFC 3464 §2, RFC 6522 §3, RFC 5321 §6.1 (null reverse-path), RFC 3834 §5.
  for (std::string_view part :
       {"Return-Path: <>\r\n", "Delivered-To: ann@example.org\r\n",
        "Content-Type: multipart/report; report-type=delivery-status;", "Auto-Submitted: auto-",
        "Content-Type: message/delivery-status\r\n", "Reporting-MTA: dns; mx.example.org\r\n",
        "Final-Recipient: rfc822; bob@example.org\r\n", "Action: failed\r\n", "Status: 5.4.7\r\n",
        "452 4.2.2 Mailbox full", "Content-Type: text/rfc822-headers\r\n", "Subject: second\r\n",
        "To: ann@example.org\r\n"})
    EXPECT_TRUE(contains(report, part)) << part << "\n" << report;
  EXPECT_FALSE(contains(report, "secret"));
  EXPECT_EQ(events.count("queue.report.sent"), 1u);
}

TEST_F(Attempt, ALetterFromTheNullSenderIsNeverReported) {
  owe_bob("");
  start_worker();
  pass(24h * 6);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(events.count("queue.report.sent"), 0u);
  EXPECT_EQ(events.count("queue.report.dropped"), 1u);
}

TEST_F(Attempt, AReportThatCannotBeDeliveredIsNotReported) {
  owe_bob("nobody@example.org");
  start_worker();
  pass(24h * 7);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(events.count("queue.report.sent"), 1u);
  EXPECT_EQ(events.count("queue.report.dropped"), 1u);
}

TEST_F(Attempt, AnAddressThatIsGoneIsReportedAtOnce) {
  owe_bob("ann@example.org");
  AccountId bob = id_of("bob@example.org");
  EXPECT_EQ(rooms->town.change([&](store::Batch& batch) {
    return rooms->town.directory.prepare_remove_account(batch, bob);
  }),
            true);
  start_worker();
  pass(5min);
  EXPECT_EQ(owed(), 0u);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "Status: 5.1.1\r\n"));
}

TEST_F(Attempt, OneReportNamesAllWhoFailedTogether) {
  Letter letter =
      letter_of("ann@example.org", {"x@example.org", "y@example.org", "bob@example.org"});
  EXPECT_TRUE(await(admit_text(*rooms, letter, "Subject: three\r\n\r\n")));
  start_worker();
  pass(10s);
  EXPECT_EQ(owed(), 0u);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "Final-Recipient: rfc822; x@example.org"));
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "Final-Recipient: rfc822; y@example.org"));
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
}

TEST_F(Attempt, AClockThatJumpsDoesNotExpireMail) {
  owe_bob("ann@example.org");
  start_worker();
  pass(30min);  // some attempts
  EXPECT_GE(only_owed().attempts, 4u);
  executor.jump_wall_clock(24h * 60);
  pass(24h);
  EXPECT_EQ(owed(), 1u);
  EXPECT_TRUE(inbox("ann@example.org").empty());
  executor.jump_wall_clock(-24h * 120);
  unsigned attempts = only_owed().attempts;
  pass(24h);
  EXPECT_EQ(owed(), 1u);
  EXPECT_GT(only_owed().attempts, attempts);  // and does not stop the attempts
}

TEST_F(Attempt, AClockSetBackDoesNotPutOffWhatWasDueLater) {
  // Two recipients that are due at different times, both by a clock that is far ahead.
  set_quota("carl@example.org", {.octets = 0, .messages = 1});
  EXPECT_TRUE(admit("", {"carl@example.org"}, "first"));
  executor.jump_wall_clock(24h * 365);
  QueueId id = owe_bob("");
  empty_inbox("bob@example.org");
  Letter letter = letter_of("", {"bob@example.org", "carl@example.org"});
  set_quota("bob@example.org", {.octets = 0, .messages = 0});
  EXPECT_TRUE(await(admit_text(*rooms, std::move(letter), "Subject: third\r\n\r\n")));
  executor.jump_wall_clock(-24h * 365);
  empty_inbox("carl@example.org");
  restart(false);
  start_worker();
  pass(24h);
  EXPECT_EQ(owed(), 0u) << to_string(id);
  EXPECT_EQ(inbox("carl@example.org").size(), 1u);
}

TEST_F(Attempt, TheAttemptsBeforeExpiryFillHalfTheLife) {
  QueueLimits l;
  std::chrono::milliseconds tried{};
  unsigned attempts = 1;
  for (; !tried_for_long(l, attempts, 0s); ++attempts) tried += retry_pause(l, attempts, 0);
  EXPECT_GE(tried, l.life_max / 2);
  EXPECT_LT(tried, l.life_max);
  EXPECT_TRUE(tried_for_long(l, 0, l.life_max / 2));
  EXPECT_FALSE(tried_for_long(l, 1, l.life_max / 2 - 1s));
  l.retry_first = l.retry_max = 0s;
  EXPECT_TRUE(tried_for_long(l, 1000, 0s));
  EXPECT_EQ(pause_until(l, WallTime(5s), WallTime(9s)), 0s);
  EXPECT_EQ(pause_until(l, WallTime(24h * 365), WallTime(9s)), l.retry_max * 2);
}

TEST_F(Attempt, WhatIsHeldIsLeftAlone) {
  QueueId id = owe_bob("ann@example.org");
  OwedRecipient held = only_owed();
  held.held = true;
  store::Batch batch;
  batch.put(owed_key(id, held.number), encode_owed(held));
  EXPECT_TRUE(await(rooms->store->commit(std::move(batch))));
  restart(false);
  empty_inbox("bob@example.org");
  start_worker();
  pass(24h * 10);
  EXPECT_EQ(owed(), 1u);
  EXPECT_EQ(only_owed().attempts, 1u);
  EXPECT_TRUE(inbox("bob@example.org").empty());
}

TEST_F(Attempt, TheQueueIsWhatItWasAfterARestart) {
  QueueId id = owe_bob("ann@example.org");
  const OwedRecipient before = only_owed();
  restart(false);
  EXPECT_EQ(owed(), 1u);
  EXPECT_EQ(listed()[0].letter.id, id);
  EXPECT_EQ(to_string(listed()[0].letter.envelope.from), "<ann@example.org>");
  EXPECT_EQ(encode_owed(only_owed()), encode_owed(before));
  EXPECT_GT(rooms->queue.new_id(executor), id);
  empty_inbox("bob@example.org");
  start_worker();
  pass(10min);
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
}

TEST_F(Attempt, ACrashBetweenAdmissionAndSettlingLosesAndDoublesNothing) {
  // The power goes 0, 1, 2, ... steps after the worker has begun.
  limits.inline_recipients_max = 0;
  restart(false);
  rooms->town.add_alias("staff@example.org", {"ann@example.org", "bob@example.org"});
  for (std::size_t steps = 0, letters = 1; steps < 60; steps += 3, ++letters) {
    EXPECT_TRUE(admit("zoe@example.net", {"staff@example.org", "carl@example.org"}));
    start_worker();
    for (std::size_t i = 0; i < steps; ++i) executor.step();
    restart(true);
    start_worker();
    pass(1h);
    EXPECT_EQ(owed(), 0u);
    for (const char* who : {"ann@example.org", "bob@example.org", "carl@example.org"})
      EXPECT_EQ(inbox(who).size(), letters) << who << " after " << steps << " steps";
  }
}

TEST_F(Attempt, AReportIsNeitherLostNorDoubledByACrash) {
  for (std::size_t steps = 0, reports = 1; steps < 60; steps += 4, ++reports) {
    EXPECT_TRUE(admit("ann@example.org", {"nobody@example.org"}));
    start_worker();
    for (std::size_t i = 0; i < steps; ++i) executor.step();
    restart(true);
    start_worker();
    pass(1h);
    EXPECT_EQ(owed(), 0u);
    EXPECT_EQ(inbox("ann@example.org").size(), reports) << steps;
  }
}

TEST_F(Attempt, AStoreThatFailsAReadIsAskedAgain) {
  owe_bob("ann@example.org");
  empty_inbox("bob@example.org");
  for (std::uint64_t n = 2; n <= 3; ++n) {  // the first is a snapshot asking for its version
    disk.fail_operation(n);
    start_worker();
    pass(90s);
    EXPECT_TRUE(disk.fault_was_met()) << n;
    rooms->worker.stop().request();
    executor.run_task(rooms->worker.join());
    restart(false);
  }
  start_worker();
  pass(1h);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
}

}  // namespace
}  // namespace posta::mta::testing
