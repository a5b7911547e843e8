// What is at hand is not read again, and is never more than what the store has.
#include "mta/delivery/hosts_test.h"
#include "mta/queue/house_test.h"

namespace posta::mta::testing {
namespace {

class AtHand : public HouseTest {
 protected:
  AtHand() { resolver.add("example.net A 192.0.2.1"); }
  ~AtHand() override { end(false); }

  void admit_some(int count) {
    for (int i = 0; i < count; ++i) admit("", {"joe@example.net"}, "n" + std::to_string(i));
  }
  void have_room_for(Octets octets) {
    limits.at_hand_octets_max = octets;
    restart(false);
  }
};

TEST_F(AtHand, WhatWasJustAdmittedIsNotReadAgain) {
  Host host(executor, network, "192.0.2.1");
  start_worker();
  auto before = disk.reads();
  admit_some(20);
  pass(5s);
  EXPECT_EQ(host.messages().size(), 20u);
  EXPECT_EQ(disk.reads().bodies, before.bodies);
  EXPECT_EQ(disk.reads().scans, before.scans);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(AtHand, WhatHasNoRoomIsRead) {
  have_room_for(0);
  Host host(executor, network, "192.0.2.1");
  start_worker();
  auto before = disk.reads();
  admit_some(20);
  pass(5s);
  EXPECT_EQ(host.messages().size(), 20u);
  EXPECT_EQ(disk.reads().bodies, before.bodies + 20);
}

TEST_F(AtHand, ThereIsRoomAgainWhenLettersHaveLeft) {
  have_room_for(4_KiB);
  Host host(executor, network, "192.0.2.1");
  start_worker();
  auto before = disk.reads();
  for (int i = 0; i < 20; ++i) {
    admit_some(1);
    pass(1s);
  }
  EXPECT_EQ(host.messages().size(), 20u);
  EXPECT_EQ(disk.reads().bodies, before.bodies);
}

TEST_F(AtHand, OneThatIsReadAndMustWaitIsNotReadTwice) {
  admit_some(60);
  restart(false);
  Host host(executor, network, "192.0.2.1");
  auto before = disk.reads();
  start_worker();
  pass(5s);
  EXPECT_EQ(host.messages().size(), 60u);
  EXPECT_EQ(disk.reads().bodies, before.bodies + 60);
  EXPECT_EQ(disk.reads().scans, before.scans + 2 * 60);  // its obligations, and who has it
}

TEST_F(AtHand, WhatIsAsReadFromTheStoreGoesOutTheSame) {
  Host host(executor, network, "192.0.2.1");
  const std::string text = "Subject: dots\r\n\r\n.\r\n..\r\n" + std::string(70'000, 'x') + "\r\n.";
  for (Octets room : {16_MiB, 0_KiB}) {
    have_room_for(room);
    start_worker();
    EXPECT_TRUE(await(admit_text(*rooms, letter_of("", {"joe@example.net"}), text)));
    pass(5s);
  }
  ASSERT_EQ(host.messages().size(), 2u);
  EXPECT_GT(host.messages()[0].size(), 70'000u);
  EXPECT_EQ(host.messages()[0], host.messages()[1]);
}

// --- administrators

TEST_F(AtHand, WhatWasHeldMeanwhileIsNotSent) {
  Host host(executor, network, "192.0.2.1");
  admit_some(1);
  EXPECT_EQ(await(rooms->queue.hold({})), std::size_t{1});
  start_worker();
  pass(1h);
  EXPECT_EQ(host.messages().size(), 0u);
  EXPECT_EQ(await(rooms->queue.release({})), std::size_t{1});
  pass(1s);
  EXPECT_EQ(host.messages().size(), 1u);
}

TEST_F(AtHand, OfWhatWasRemovedInPartTheRestIsSent) {
  Host host(executor, network, "192.0.2.1");
  admit("", {"joe@example.net", "sue@example.net"});
  Selection joe;
  joe.recipient = directory::address("joe@example.net");
  EXPECT_EQ(await(rooms->queue.remove(joe, Report::no)), std::size_t{1});
  start_worker();
  pass(1s);
  EXPECT_EQ(host.count("RCPT TO:<joe"), 0u);
  EXPECT_EQ(host.count("RCPT TO:<sue"), 1u);
}

TEST_F(AtHand, WhatWaitsForAPlaceCanBeHeldAndRemoved) {
  limits.destination_sessions_first = limits.destination_sessions_max = 1;
  for (bool from_the_store : {false, true}) {
    restart(false);
    Host host(executor, network, "192.0.2.1");
    host.never_answer("MAIL");
    if (!from_the_store) start_worker();
    admit_some(3);  // one is being sent
    if (from_the_store) restart(false);
    if (from_the_store) start_worker();
    pass(10s);
    EXPECT_EQ(host.count("MAIL"), 1u);
    auto letters = listed();
    ASSERT_EQ(letters.size(), 3u);
    EXPECT_EQ(await(rooms->queue.hold({.id = letters[1].letter.id})), std::size_t{1});
    EXPECT_EQ(await(rooms->queue.remove({.id = letters[2].letter.id}, Report::no)), std::size_t{1});
    pass(1h);  // the host's time is over more than once
    EXPECT_GT(host.count("MAIL"), 1u);
    ASSERT_EQ(listed().size(), 2u);
    EXPECT_EQ(listed()[1].owed[0].attempts, 0u);
    EXPECT_EQ(await(rooms->queue.remove({}, Report::no)), std::size_t{2});
  }
}

}  // namespace
}  // namespace posta::mta::testing
