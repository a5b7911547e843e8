// Who brings mail faster than it can leave is answered a little later; nobody waits for hosts that
// are slow, silent or dead.
#include "mta/delivery/hosts_test.h"
#include "mta/queue/house_test.h"

namespace posta::mta::testing {
namespace {

class HoldBack : public HouseTest {
 protected:
  HoldBack() : senders(executor) {
    resolver.add("example.net A 192.0.2.1");
    resolver.settings().delay_max = std::chrono::microseconds(100);
    network.settings().tiny_percent = 0;
    network.settings().delay_max = std::chrono::microseconds(500);
  }
  ~HoldBack() override {
    end(false);
    executor.run_task(senders.join());
  }

  // So that mail comes in faster than it can leave.
  void have_few_sessions() {
    limits.destination_sessions_first = limits.destination_sessions_max = 3;
    restart(false);
  }
  // Brings letters one after the other, as a session does.
  Task<> bring(std::string to, int count) {
    for (int i = 0; i < count; ++i) {
      Letter letter = letter_of("", {to});
      std::string text = "Subject: " + std::to_string(begun++) + "\r\n\r\nx\r\n";
      EXPECT_TRUE(co_await admit_text(*rooms, std::move(letter), std::move(text)));
      ++brought;
      most_owed = std::max(most_owed, owed());
    }
    last_at = executor.now();
  }
  Duration time_of(int count, std::string to) {
    Instant before = executor.now();
    executor.run_task(bring(std::move(to), count));
    return executor.now() - before;
  }
  void flood(int count_each) {
    for (std::size_t i = 0; i < kSenders; ++i) senders.spawn(bring("joe@example.net", count_each));
  }

  static constexpr std::size_t kSenders = 16;
  runtime::Nursery senders;
  int begun = 0;
  int brought = 0;
  std::size_t most_owed = 0;
  Instant last_at{};
};

TEST_F(HoldBack, AFloodToAQuickHostLeavesAsFastAsItComes) {
  for (auto time : {limits.hold_back_time, 0ms}) {
    limits.hold_back_time = time;
    have_few_sessions();
    Host host(executor, network, "192.0.2.1");
    start_worker();
    time_of(10, "joe@example.net");  // at first it is not known how quick the host is
    flood(100);
    pass(30s);
    EXPECT_EQ(host.messages().size(), 1610u);
    EXPECT_EQ(owed(), 0u);
    const std::size_t bound = 3 + limits.destination_waiting_max + 2 * kSenders;
    if (time > 0ms) EXPECT_LE(std::exchange(most_owed, 0), bound);
  }
  EXPECT_GT(most_owed, 500u);  // if nobody is held back
}

TEST_F(HoldBack, ASlowHostHoldsBackNobody) {
  Host host(executor, network, "192.0.2.1");
  network.settings().delay_min = 20ms;
  network.settings().delay_max = 40ms;
  start_worker();
  const int count = 1000;  // some leave meanwhile
  EXPECT_LT(time_of(count, "joe@example.net"), count * options.sync_delay_max + 10ms);
  EXPECT_GT(host.messages().size(), 50u);
  EXPECT_GT(owed(), 500u);
}

TEST_F(HoldBack, ADeadHostHoldsBackNobody) {
  start_worker();
  EXPECT_LT(time_of(100, "joe@example.net"), 100 * options.sync_delay_max + 10ms);
}

TEST_F(HoldBack, AHostThatFallsSilentHoldsBackNobodyForLong) {
  Host host(executor, network, "192.0.2.1");
  start_worker();
  time_of(100, "joe@example.net");
  pass(1s);
  host.never_answer("MAIL");
  EXPECT_LT(time_of(100, "joe@example.net"),
            100 * options.sync_delay_max + limits.quick_time + limits.hold_back_time);
}

TEST_F(HoldBack, NobodyOvertakesWhoHasWaitedLonger) {
  limits.destination_sessions_first = limits.destination_sessions_max = 1;
  limits.at_hand_octets_max = 0;  // to be read takes time, in which others may come
  options.slow_reads = 50;
  restart(false);
  Host host(executor, network, "192.0.2.1");
  start_worker();
  flood(20);
  pass(30s);
  ASSERT_EQ(host.messages().size(), 320u);
  int youngest = 0;
  int overtaken = 0;
  for (const std::string& message : host.messages()) {
    int number = std::stoi(message.substr(message.find("Subject: ") + 9));
    youngest = std::max(youngest, number);
    overtaken = std::max(overtaken, youngest - number);
  }
  EXPECT_LE(overtaken, static_cast<int>(kSenders));  // those of one commit are in any order
}

TEST_F(HoldBack, MailForOthersIsNotHeldBack) {
  have_few_sessions();
  Host host(executor, network, "192.0.2.1");
  start_worker();
  flood(100);
  while (owed() < 2 * kSenders) executor.step();
  EXPECT_LT(time_of(10, "bob@example.org"), 10 * 2 * options.sync_delay_max);
  EXPECT_LT(brought, 1600);
  EXPECT_EQ(inbox("bob@example.org").size(), 10u);
  pass(30s);
}

TEST_F(HoldBack, NobodyIsHeldBackForEverWhenTheWorkerEnds) {
  have_few_sessions();
  Host host(executor, network, "192.0.2.1");
  start_worker();
  flood(20);
  while (owed() < 2 * kSenders) executor.step();
  rooms->worker.stop().request();
  executor.run_task(rooms->worker.join());
  Instant before = executor.now();
  executor.run_task(senders.join());
  EXPECT_EQ(brought, 16 * 20);
  EXPECT_LT(executor.now() - before, 20 * (options.sync_delay_max * 2 + limits.hold_back_time));
}

}  // namespace
}  // namespace posta::mta::testing
