#include <gtest/gtest.h>

#include <thread>

#include "runtime/asio/loop.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "runtime/sleep.h"
#include "runtime/worker.h"

namespace posta::runtime {
namespace {

using namespace std::chrono_literals;
using sim::SimExecutor;

Task<int> plus_one(int n) {
  co_return n + 1;
}

Task<int> count_to(int n) {
  int value = 0;
  while (value < n) value = co_await plus_one(value);
  co_return value;
}

Task<> put(int& out, Task<int> task) {
  out = co_await std::move(task);
}

TEST(Task, LongChainsUseNoStack) {
  SimExecutor executor(1);
  int out = 0;
  executor.run_task(put(out, count_to(1'000'000)));
  EXPECT_EQ(out, 1'000'000);
}

Task<> sleeper(std::vector<int>& order, int name, Duration time) {
  co_await sleep_for(time);
  order.push_back(name);
}

TEST(Sleep, VirtualTimePassesInOrder) {
  SimExecutor executor(7);
  std::vector<int> order;
  Nursery nursery(executor);
  nursery.spawn(sleeper(order, 3, 3h));
  nursery.spawn(sleeper(order, 1, 1ms));
  nursery.spawn(sleeper(order, 2, 2s));
  Instant start = executor.now();
  executor.run();
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
  EXPECT_EQ(executor.now() - start, 3h);
}

Task<> stoppable(Stop& stop, bool& slept) {
  slept = co_await sleep_for(10h, &stop);
}

TEST(Nursery, AStopEndsASleepAndJoinWaitsForAll) {
  SimExecutor executor(7);
  Nursery nursery(executor);
  bool slept = true;
  nursery.spawn(stoppable(nursery.stop(), slept));
  executor.run_for(1s);
  EXPECT_EQ(nursery.size(), 1u);
  nursery.stop().request();
  executor.run_task(nursery.join());
  EXPECT_FALSE(slept);
  EXPECT_EQ(nursery.size(), 0u);
}

std::vector<int> order_of_equals(std::uint64_t seed, std::uint64_t& hash) {
  SimExecutor executor(seed);
  std::vector<int> order;
  Nursery nursery(executor);
  for (int i = 0; i < 8; ++i) nursery.spawn(sleeper(order, i, 1s));
  executor.run();
  hash = executor.trace_hash();
  return order;
}

TEST(Simulation, OneSeedRunTwiceGivesTheSameTraceHash) {
  std::uint64_t first, second, other;
  auto a = order_of_equals(42, first);
  auto b = order_of_equals(42, second);
  EXPECT_EQ(a, b);
  EXPECT_EQ(first, second);
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 20; ++seed) orders.insert(order_of_equals(seed, other));
  EXPECT_GT(orders.size(), 10u) << "the seed must choose the order of what happens at one instant";
  EXPECT_NE(first, other);
}

Task<> wait_for_ring(Bell& bell, int& rings) {
  co_await bell.wait();
  ++rings;
}

TEST(Bell, ARingWakesAllAndIsRememberedWhenNobodyWaits) {
  SimExecutor executor(3);
  Bell bell;
  int rings = 0;
  bell.ring();
  executor.run_task(wait_for_ring(bell, rings));
  EXPECT_EQ(rings, 1);
  Nursery nursery(executor);
  nursery.spawn(wait_for_ring(bell, rings));
  nursery.spawn(wait_for_ring(bell, rings));
  executor.run();
  EXPECT_EQ(rings, 1);
  bell.ring();
  executor.run();
  EXPECT_EQ(rings, 3);
}

Task<> blocking(int& out) {
  auto answer = co_await on_worker([] { return 6 * 7; });
  out = answer.value_or(-1);
}

TEST(Worker, AJobComesBackToItsExecutorInSimulation) {
  SimExecutor executor(3);
  int out = 0;
  executor.run_task(blocking(out));
  EXPECT_EQ(out, 42);
}

Task<> then_quit(asio::Loop& loop, int& out, std::thread::id& where) {
  co_await blocking(out);
  co_await sleep_for(1ms);
  where = std::this_thread::get_id();
  loop.quit();
}

TEST(Loop, JobsAndTimersComeBackToTheLoopsThread) {
  asio::WorkerPool workers({.threads = 1});
  asio::Loop loop(workers);
  Nursery nursery(loop);
  int out = 0;
  std::thread::id where;
  nursery.spawn(then_quit(loop, out, where));
  loop.run();
  EXPECT_EQ(out, 42);
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(WorkerPool, AFullQueueRefuses) {
  asio::WorkerPool workers({.threads = 1, .jobs_waiting_max = 1});
  std::mutex gate;
  gate.lock();
  int taken = 0;
  for (int i = 0; i < 4; ++i) taken += workers.submit([&] { std::lock_guard wait(gate); });
  EXPECT_LE(taken, 2);  // one running, one waiting
  gate.unlock();
}

}  // namespace
}  // namespace posta::runtime
