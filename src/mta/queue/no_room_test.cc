// A store that has room for little, or for nothing: nothing is sent twice, and nothing in a loop.
#include "mta/delivery/hosts_test.h"
#include "mta/queue/house_test.h"

namespace posta::mta::testing {
namespace {

class NoRoom : public HouseTest {
 protected:
  NoRoom() {
    resolver.add("example.net MX 10 mx.example.net");
    resolver.add("mx.example.net A 192.0.2.1");
    limits.inline_recipients_max = 0;
    restart(false);
  }
  ~NoRoom() override {
    disk.set_free(kMuch);
    end(false);
  }
  static constexpr std::uint64_t kMuch = std::uint64_t{1} << 40;

  void no_room_for_bodies() { disk.set_free(options.limits.disk_free_min - 1); }
  void no_room_at_all() { disk.set_free(0); }
  void room() { disk.set_free(kMuch); }
};

TEST_F(NoRoom, WhatIsDeliveredIsSettledThoughAReportCannotBeWritten) {
  Host host(executor, network, "192.0.2.1");
  host.say("RCPT TO:<bad", "550 5.1.1 no such user");
  admit("ann@example.org", {"joe@example.net", "bad@example.net"});
  no_room_for_bodies();
  start_worker();
  pass(10s);
  ASSERT_EQ(listed().size(), 1u);
  ASSERT_EQ(listed()[0].owed.size(), 1u);
  const OwedRecipient bad = listed()[0].owed[0];
  EXPECT_EQ(bad.recipient.address.str(), "bad@example.net");
  EXPECT_EQ(bad.last_reply.str(), "550 5.1.1 no such user");
  EXPECT_EQ(bad.last_host, "mx.example.net");
  EXPECT_EQ(bad.attempts, 1u);
  pass(2h);  // 1, 2, 4, 8 ... minutes
  EXPECT_EQ(host.messages().size(), 1u);
  EXPECT_LE(host.count("RCPT TO:<bad"), 8u);
  EXPECT_GE(host.count("RCPT TO:<bad"), 6u);
  room();
  pass(4h);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(host.messages().size(), 1u);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "Diagnostic-Code: smtp; 550 5.1.1 no such"));
}

TEST_F(NoRoom, OfANullSenderNothingIsKeptForAReport) {
  Host host(executor, network, "192.0.2.1");
  host.say("RCPT TO:<bad", "550 5.1.1 no such user");
  admit("", {"joe@example.net", "bad@example.net"});
  no_room_for_bodies();
  start_worker();
  pass(10s);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(events.count("queue.report.dropped"), 1u);
}

TEST_F(NoRoom, AnAliasIsTakenApartThoughAReportCannotBeWritten) {
  Host host(executor, network, "192.0.2.1");
  rooms->town.add_alias("staff@example.org",
                        {"nobody@example.org", "bob@example.org", "joe@example.net"});
  admit("ann@example.org", {"staff@example.org"});
  no_room_for_bodies();
  start_worker();
  pass(2h);
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
  EXPECT_EQ(host.messages().size(), 1u);
  ASSERT_EQ(listed().size(), 1u);
  ASSERT_EQ(listed()[0].owed.size(), 1u);
  EXPECT_EQ(listed()[0].owed[0].recipient.address.str(), "nobody@example.org");
  EXPECT_EQ(listed()[0].owed[0].last_reply.status, (Status{5, 1, 1}));
  EXPECT_LE(listed()[0].owed[0].attempts, 8u);
  room();
  pass(4h);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(host.messages().size(), 1u);
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "Your message to <staff@example.org>"));
}

TEST_F(NoRoom, WhatIsTooLateIsTriedNoMoreOftenThanBefore) {
  Host host(executor, network, "192.0.2.1");
  host.say("RCPT", "450 4.2.0 later");
  admit("ann@example.org", {"joe@example.net"});
  no_room_for_bodies();
  start_worker();
  pass(24h);  // late, and nobody can be told
  EXPECT_LE(host.count("RCPT"), 16u);
  pass(24h * 5);  // too late
  EXPECT_LE(host.count("RCPT"), 16u + 5 * 6);
  EXPECT_EQ(owed(), 1u);
  EXPECT_EQ(listed()[0].owed[0].last_reply.str(), "450 4.2.0 later");
  room();
  pass(6h);
  EXPECT_EQ(owed(), 0u);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "Status: 5.4.7\r\n"));
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "450 4.2.0 later"));
}

TEST_F(NoRoom, NoHostIsCalledWhileNothingCanBeWritten) {  // limit: full_pause
  Host host(executor, network, "192.0.2.1");
  admit("ann@example.org", {"joe@example.net"});
  no_room_at_all();
  start_worker();
  pass(2h);
  EXPECT_EQ(host.connections(), 0u);
  EXPECT_EQ(events.count("queue.trouble"), 0u);
  ASSERT_EQ(listed().size(), 1u);
  EXPECT_EQ(listed()[0].owed[0].attempts, 0u);
  room();
  pass(limits.full_pause + 1s);
  EXPECT_EQ(host.messages().size(), 1u);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(NoRoom, WhatAHostTookIsNotSentAgainWhenTheStoreIsFullThen) {
  Host host(executor, network, "192.0.2.1");
  start_worker();
  admit("ann@example.org", {"joe@example.net"});
  while (host.messages().empty()) executor.step();
  no_room_at_all();
  pass(2h);
  EXPECT_EQ(owed(), 1u);
  room();
  pass(limits.full_pause + 1s);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(host.messages().size(), 1u);
}

TEST_F(NoRoom, AnEndDoesNotWaitForRoom) {
  Host host(executor, network, "192.0.2.1");
  start_worker();
  admit("ann@example.org", {"joe@example.net"});
  while (host.messages().empty()) executor.step();
  no_room_at_all();
  pass(1min);
  Instant before = executor.now();
  end(false);
  EXPECT_LT(executor.now() - before, 1s);
}

}  // namespace
}  // namespace posta::mta::testing
