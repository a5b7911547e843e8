// Destinations where nobody answers, and what happens when somebody does again.
#include "mta/delivery/hosts_test.h"
#include "mta/queue/house_test.h"

namespace posta::mta::testing {
namespace {

QueueLimits without_notices() {
  QueueLimits limits;
  limits.delay_warning = 0s;
  return limits;
}

class PutOff : public HouseTest {
 protected:
  PutOff() : HouseTest(without_notices()) {
    resolver.add("example.net A 192.0.2.1");
    resolver.add("example.com A 192.0.2.2");
  }
  ~PutOff() override { end(false); }

  void admit_some(int count) {
    for (int i = 0; i < count; ++i) admit("", {"joe@example.net"}, "n" + std::to_string(i));
  }
};

TEST_F(PutOff, ADestinationThatIsBackIsTriedWithinMinutes) {  // limit: destination_dead_max
  start_worker();
  admit_some(30);
  pass(24h);
  EXPECT_EQ(owed(), 30u);
  Host host(executor, network, "192.0.2.1");
  pass(limits.destination_dead_max + limits.destination_dead_max / 4);
  EXPECT_EQ(host.messages().size(), 30u);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(PutOff, AFreshLetterWakesOneWhosePauseIsLong) {
  start_worker();
  admit_some(1);
  pass(24h);
  const OwedRecipient old = listed()[0].owed[0];
  Host host(executor, network, "192.0.2.1");
  pass(limits.destination_dead_max);
  ASSERT_EQ(host.messages().size(), 0u);
  ASSERT_GT(old.next_attempt, executor.wall() + 10min);
  admit("", {"joe@example.net"}, "fresh");
  pass(10s);
  EXPECT_EQ(host.messages().size(), 2u);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(PutOff, WokenForOneDestinationOthersKeepTheirPause) {
  Host other(executor, network, "192.0.2.2");
  other.say("RCPT", "450 4.2.0 later");
  start_worker();
  admit("", {"joe@example.net", "kim@example.com"});
  pass(24h);
  Host host(executor, network, "192.0.2.1");
  pass(limits.destination_dead_max);
  const std::size_t before = other.count("RCPT");
  ASSERT_EQ(host.messages().size(), 0u);
  admit("", {"joe@example.net"}, "fresh");
  pass(10s);
  EXPECT_EQ(host.messages().size(), 2u);
  EXPECT_EQ(other.count("RCPT"), before);
  EXPECT_EQ(owed(), 1u);
}

TEST_F(PutOff, WokenTheyWaitForAPlaceAndOthersStillKeepTheirPause) {
  Host other(executor, network, "192.0.2.2");
  other.say("RCPT", "450 4.2.0 later");
  start_worker();
  for (int i = 0; i < 40; ++i) admit("", {"joe@example.net", "kim@example.com"});
  pass(24h);
  Host host(executor, network, "192.0.2.1");
  while (host.messages().empty()) pass(100ms);
  const std::size_t before = other.count("RCPT");
  pass(20s);
  EXPECT_EQ(host.messages().size(), 40u);
  EXPECT_LE(other.count("RCPT"), before + 5);  // whose time has come
  EXPECT_EQ(owed(), 40u);
}

TEST_F(PutOff, EachThatLeavesWakesAFewOfAsManyAsAreKnown) {  // limits: put_off_max, woken_together
  limits.woken_together = 1;
  limits.retry_first = 3600s;
  for (std::size_t known : {0, 20}) {
    limits.put_off_max = known;
    restart(false);
    start_worker();
    admit_some(20);
    pass(10s);
    Host host(executor, network, "192.0.2.1");
    pass(limits.destination_dead_max + limits.destination_dead_max / 4);
    // The first that found it dead have a pause of an hour.
    EXPECT_EQ(owed(), known > 0 ? 0 : limits.destination_sessions_first);
    pass(2h);
    EXPECT_EQ(host.messages().size(), 20u);
  }
}

TEST_F(PutOff, MailForADestinationThatStaysDeadExpires) {
  start_worker();
  admit_some(40);
  pass(24h * 4);
  EXPECT_EQ(owed(), 40u);
  std::size_t tried = 0;
  for (const auto& letter : listed()) tried += letter.owed[0].attempts;
  EXPECT_LE(tried, 24u * 4 * 12 + 40);  // one letter for each time that it is probed
  pass(24h * 2);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(PutOff, AClockThatJumpsDoesNotExpireWhatIsPutOff) {
  start_worker();
  admit_some(40);
  pass(1h);
  executor.jump_wall_clock(24h * 60);
  pass(24h);
  EXPECT_EQ(owed(), 40u);
}

TEST_F(PutOff, WhatIsReleasedIsTriedThoughItsDestinationWasDead) {
  start_worker();
  admit_some(1);
  pass(10s);
  EXPECT_EQ(await(rooms->queue.hold({})), std::size_t{1});
  Host host(executor, network, "192.0.2.1");
  EXPECT_EQ(await(rooms->queue.release({})), std::size_t{1});
  pass(1s);
  EXPECT_EQ(host.messages().size(), 1u);
}

TEST_F(PutOff, OfEachLetterItIsSaidOnce) {
  start_worker();
  admit_some(20);
  pass(10s);
  EXPECT_EQ(events.count("queue.recipient.deferred"), 20u);
  std::size_t tried = 0;
  pass(2h);
  for (const auto& letter : listed()) tried += letter.owed[0].attempts;
  EXPECT_LE(events.count("queue.recipient.deferred"), 20u + tried);
}

}  // namespace
}  // namespace posta::mta::testing
