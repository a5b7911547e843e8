#include "server/session/throttle.h"

#include <gtest/gtest.h>

#include "runtime/sim/sim_executor.h"
#include "runtime/sleep.h"
#include "store/memory/memory_store.h"

namespace posta::server {
namespace {

using runtime::Task;
using runtime::sim::SimExecutor;
using namespace std::chrono_literals;

class ThrottleTest : public testing::Test {
 protected:
  static Task<> put_into(std::optional<Result<std::optional<Throttle::Attempt>>>& out,
                         Task<Result<std::optional<Throttle::Attempt>>> task) {
    out.emplace(co_await std::move(task));
  }
  std::optional<Throttle::Attempt> begin(Throttle& throttle, std::string key) {
    std::optional<Result<std::optional<Throttle::Attempt>>> out;
    executor.run_task(put_into(out, throttle.begin(std::move(key), executor.wall())));
    EXPECT_TRUE(*out);
    return std::move(**out);
  }
  bool may(Throttle& throttle, std::string key) {
    return begin(throttle, std::move(key)).has_value();
  }
  void fail(Throttle& throttle, std::string key) {
    auto attempt = begin(throttle, std::move(key));
    ASSERT_TRUE(attempt);
    attempt->failed(executor.wall());
  }
  static Task<> sleep(Duration time) { co_await runtime::sleep_for(time); }
  void wait(Duration time) { executor.run_task(sleep(time)); }

  SimExecutor executor{1};
  store::memory::Disk disk{1};
  std::unique_ptr<store::Store> store = *store::memory::open(disk, executor);
  const Throttle::Limits limits{.failures_max = 3, .window = 60s, .entries_max = 4};
};

TEST_F(ThrottleTest, RefusesAfterSoManyFailuresUntilTheWindowIsOver) {
  Throttle throttle('a', limits, nullptr);
  for (int i = 0; i < 3; ++i) fail(throttle, "ann");
  EXPECT_FALSE(may(throttle, "ann"));
  EXPECT_TRUE(may(throttle, "bob"));
  wait(59s);
  EXPECT_FALSE(may(throttle, "ann"));
  wait(1s);
  EXPECT_TRUE(may(throttle, "ann"));
}

TEST_F(ThrottleTest, ASuccessForgetsTheFailures) {
  Throttle throttle('a', limits, store.get());
  for (int round = 0; round < 3; ++round) {
    fail(throttle, "ann");
    fail(throttle, "ann");
    auto attempt = begin(throttle, "ann");
    ASSERT_TRUE(attempt);
    attempt->succeeded();
  }
  EXPECT_EQ(throttle.entries(), 0u);
}

TEST_F(ThrottleTest, WhatWasNotAnsweredIsNoFailure) {
  Throttle throttle('a', limits, nullptr);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(may(throttle, "ann"));
  EXPECT_EQ(throttle.entries(), 0u);
}

TEST_F(ThrottleTest, GuessesMadeInParallelAreNotFree) {
  Throttle throttle('a', limits, nullptr);
  std::vector<Throttle::Attempt> going_on;
  for (std::size_t i = 0; i < 3; ++i) {
    auto attempt = begin(throttle, "ann");
    ASSERT_TRUE(attempt) << i;
    going_on.push_back(*std::move(attempt));
  }
  EXPECT_FALSE(may(throttle, "ann"));
  going_on.pop_back();
  EXPECT_TRUE(may(throttle, "ann"));
  for (int i = 0; i < 10; ++i) going_on.push_back(throttle.begin_exempt("ann"));
  EXPECT_TRUE(may(throttle, "ann")) << "who is exempt stands in nobody's way";
}

TEST_F(ThrottleTest, WhereManyShareANameMoreAttemptsMayGoOnAtOnce) {
  Throttle throttle('p', {.failures_max = 3, .attempts_a_failure = 10}, nullptr);
  std::vector<Throttle::Attempt> going_on;
  for (std::size_t i = 0; i < 30; ++i) going_on.push_back(*begin(throttle, "192.0.2.1"));
  EXPECT_FALSE(may(throttle, "192.0.2.1"));
}

TEST_F(ThrottleTest, ASuccessForgetsNoFailuresFromElsewhere) {
  Throttle throttle('a', {.failures_max = 6, .window = 60s, .entries_max = 4}, store.get());
  for (int round = 0; round < 5; ++round) {
    begin(throttle, "ann")->failed(executor.wall(), "stranger");
    begin(throttle, "ann")->failed(executor.wall(), "home");
    begin(throttle, "ann")->succeeded("home");
  }
  EXPECT_TRUE(may(throttle, "ann"));
  begin(throttle, "ann")->failed(executor.wall(), "stranger");
  throttle.begin_exempt("ann").succeeded("home");
  EXPECT_FALSE(may(throttle, "ann"));
  wait(5s);
  Throttle later('a', {.failures_max = 6, .window = 60s, .entries_max = 4}, store.get());
  EXPECT_FALSE(may(later, "ann")) << "and so does a restart";
}

TEST_F(ThrottleTest, IsExemptWhoIsExempt) {
  Throttle throttle('a', limits, nullptr);
  for (int i = 0; i < 10; ++i) throttle.begin_exempt("ann").failed(executor.wall());
  EXPECT_FALSE(may(throttle, "ann")) << "but the failures count for the others";
}

TEST_F(ThrottleTest, AFloodOfNamesStaysWithinItsLimit) {
  Throttle throttle('a', limits, store.get());
  for (int i = 0; i < 100; ++i) fail(throttle, "name " + std::to_string(i));
  EXPECT_LE(throttle.entries(), 4u);
  EXPECT_EQ(throttle.entries(), 4u);
}

TEST_F(ThrottleTest, ARestartDoesNotForget) {
  {
    Throttle throttle('a', limits, store.get());
    for (int i = 0; i < 3; ++i) fail(throttle, "ann");
    wait(5s);
  }
  Throttle later('a', limits, store.get());
  EXPECT_FALSE(may(later, "ann"));
  Throttle other('p', limits, store.get());
  EXPECT_TRUE(may(other, "ann")) << "another kind";
  wait(60s);
  EXPECT_TRUE(may(later, "ann"));
}

TEST_F(ThrottleTest, ASuccessIsRememberedOverARestartToo) {
  {
    Throttle throttle('a', {.failures_max = 4, .window = 60s, .entries_max = 4}, store.get());
    for (int i = 0; i < 3; ++i) fail(throttle, "ann");
    auto attempt = begin(throttle, "ann");
    ASSERT_TRUE(attempt);
    attempt->succeeded();
    wait(5s);
  }
  Throttle later('a', limits, store.get());
  EXPECT_TRUE(may(later, "ann"));
}

TEST_F(ThrottleTest, WhoIsRefusedIsForgivenHereAndInTheStore) {
  auto until = [&](Throttle& throttle) {
    std::optional<Result<std::optional<WallTime>>> out;
    auto ask = [](Throttle& of, WallTime now, decltype(out)& into) -> Task<> {
      into.emplace(co_await of.refused_until("ann", now));
    };
    executor.run_task(ask(throttle, executor.wall(), out));
    EXPECT_TRUE(*out);
    return **out;
  };
  Throttle throttle('a', limits, store.get());
  EXPECT_FALSE(until(throttle));
  const WallTime first = executor.wall();
  for (int i = 0; i < 3; ++i) fail(throttle, "ann");
  EXPECT_EQ(until(throttle), first + limits.window);
  wait(5s);
  Throttle restarted('a', limits, store.get());
  EXPECT_EQ(until(restarted), first + limits.window) << "it reads the store";
  auto forgive = [](Throttle& by, bool& done) -> Task<> {
    done = (co_await by.forgive("ann")).has_value();
  };
  bool done = false;
  executor.run_task(forgive(throttle, done));
  EXPECT_TRUE(done);
  EXPECT_FALSE(until(throttle));
  EXPECT_TRUE(may(throttle, "ann"));
  EXPECT_FALSE(until(restarted));
  Throttle later('a', limits, store.get());
  EXPECT_TRUE(may(later, "ann"));
  for (int i = 0; i < 3; ++i) fail(throttle, "ann");
  EXPECT_TRUE(until(throttle));
  wait(60s);
  EXPECT_FALSE(until(throttle)) << "the window is over";
}

TEST_F(ThrottleTest, NamesInTheStoreTakeNoMoreRoomThanTheSlots) {
  Throttle throttle('a', {.failures_max = 100, .window = 60s, .entries_max = 8}, store.get());
  for (int i = 0; i < 50; ++i)
    for (std::size_t n = 0; n < Throttle::kNoteFrom; ++n)
      fail(throttle, "name " + std::to_string(i));
  wait(5s);
  std::optional<Result<std::vector<store::KeyValue>>> found;
  auto scan = [](store::Store& in, decltype(found)& out) -> Task<> {
    out.emplace(co_await in.snapshot()->scan(store::Range::prefix("C/login/"), 1000));
  };
  executor.run_task(scan(*store, found));
  ASSERT_TRUE(*found);
  EXPECT_GT((*found)->size(), 40u);
  for (const auto& [key, value] : **found) {
    EXPECT_EQ(key.size(), std::string_view("C/login/axx").size());
    EXPECT_TRUE(Throttle::decode(value));
  }
}

TEST(ThrottleNote, ReadsBackWhatWasWritten) {
  Throttle::Note note{std::string(16, 'd'), 7, WallTime(1'767'225'600'123ms)};
  std::string record = Throttle::encode(note);
  EXPECT_EQ(Throttle::decode(record), note);
  for (std::size_t size = 0; size < record.size(); ++size)
    EXPECT_FALSE(Throttle::decode(record.substr(0, size)));
  EXPECT_FALSE(Throttle::decode(record + "x"));
  record[0] = 2;
  EXPECT_FALSE(Throttle::decode(record));
}

}  // namespace
}  // namespace posta::server
