// crash_test.cc: crashes and failures of a simulated disk.
#include <gtest/gtest.h>

#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"
#include "store/suite_faults.h"

namespace posta::store::memory {
namespace {

using namespace suite;
using runtime::sim::SimExecutor;
Options options_of(std::uint64_t seed) {
  Options options;
  options.seed = seed;
  options.fatal = [](const Error&) {};
  return options;
}

constexpr auto kWriters = 4;
constexpr auto kLetters = 10;

void check(Disk& disk, const std::vector<Ledger>& ledgers, int& missing) {
  SimExecutor executor(99);
  auto opened = open(disk, executor);
  ASSERT_TRUE(opened) << describe(opened.error());
  executor.run_task(check_letters(**opened, all_acknowledged(ledgers), missing));
}

TEST(MemoryStore, WhateverOperationFailsAcknowledgedIsThereAndNothingIsHalf) {
  int failures = 0;
  for (std::uint64_t n = 1;; ++n) {
    ASSERT_LT(n, 10'000u) << "the loop must come to a run that does not meet the fault";
    Disk disk(n);
    std::vector<Ledger> ledgers;
    bool met = false;
    {
      SimExecutor executor(n);
      auto opened = open(disk, executor, options_of(n));
      ASSERT_TRUE(opened);
      disk.fail_operation(n);
      executor.run_task(write_in_parallel(**opened, kWriters, kLetters, ledgers));
      met = disk.fault_was_met();
      disk.fail_operation(0);
      (*opened)->crash();
      executor.run();
    }
    int missing = -1;
    check(disk, ledgers, missing);
    EXPECT_EQ(missing, 0) << "the " << n << "th operation failed";
    if (!met) {
      EXPECT_EQ(all_acknowledged(ledgers).size(), std::size_t(kWriters * kLetters));
      break;
    }
    failures += std::any_of(ledgers.begin(), ledgers.end(), [](auto& l) { return l.refused; });
  }
  EXPECT_GT(failures, 20);
}

struct Crash {
  std::uint64_t lost = 0;
  int missing = -1;
  std::size_t acknowledged = 0;
};

Crash crash_at(std::uint64_t seed) {
  Disk disk(seed);
  std::vector<Ledger> ledgers;
  SimExecutor executor(seed);
  auto opened = open(disk, executor, options_of(seed));
  CHECK(opened);
  {
    runtime::Nursery nursery(executor);
    nursery.spawn(write_in_parallel(**opened, kWriters, kLetters, ledgers));
    runtime::sim::Random random(seed);
    executor.run(10 + random.below(160));
    (*opened)->crash();
    executor.run();
    CHECK(nursery.size() == 0);
  }
  opened->reset();
  Crash result;
  result.lost = disk.lost_writes();
  result.acknowledged = all_acknowledged(ledgers).size();
  SimExecutor after(seed + 1);
  auto again = open(disk, after);
  CHECK(again);
  after.run_task(check_letters(**again, all_acknowledged(ledgers), result.missing));
  return result;
}

TEST(MemoryStore, AtWhateverMomentThePowerGoesAcknowledgedIsThereAndNothingIsHalf) {
  std::uint64_t lost = 0;
  std::size_t acknowledged = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Crash crash = crash_at(seed);
    EXPECT_EQ(crash.missing, 0) << "seed " << seed;
    lost += crash.lost;
    acknowledged += crash.acknowledged;
  }
  EXPECT_GT(lost, 20u) << "crashes must come while writes are under way";
  EXPECT_GT(acknowledged, 500u);
}

TEST(MemoryStore, ADiskThatLiesAboutSyncsLosesLettersSoTheCrashTestCanFail) {
  int missing = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Disk disk(seed);
    SimExecutor executor(seed);
    std::vector<Ledger> ledgers;
    Options options = options_of(seed);
    options.limits.body_inline_max = 1_MiB;
    auto opened = open(disk, executor, std::move(options));
    ASSERT_TRUE(opened);
    disk.lie_about_syncs(true);
    executor.run_task(write_in_parallel(**opened, kWriters, kLetters, ledgers));
    (*opened)->crash();
    opened->reset();
    disk.lie_about_syncs(false);
    int gone = 0;
    check(disk, ledgers, gone);
    missing += gone;
  }
  EXPECT_GT(missing, 50);
}

TEST(MemoryStore, OneSeedRunTwiceGivesTheSameHistory) {
  auto history = [](std::uint64_t seed) {
    Disk disk(seed);
    SimExecutor executor(seed);
    auto opened = open(disk, executor, options_of(seed));
    std::vector<Ledger> ledgers;
    executor.run_task(write_in_parallel(**opened, kWriters, kLetters, ledgers));
    return std::pair(executor.trace_hash(), disk.operations());
  };
  EXPECT_EQ(history(7), history(7));
  EXPECT_NE(history(7), history(8));
}

Task<> wait_for(Store& store, std::string& said) {
  Batch batch;
  batch.put("a", "1");
  auto done = co_await store.commit(std::move(batch));
  said = done ? "committed" : to_string(done.error().kind);
}

TEST(MemoryStore, WhoWaitsWhenThePowerGoesIsToldSoAndLaterCallsFindItClosed) {
  Disk disk(1);
  SimExecutor executor(1);
  Options options;
  options.sync_delay_max = std::chrono::seconds(1000);
  auto opened = open(disk, executor, std::move(options));
  ASSERT_TRUE(opened);
  auto held = (*opened)->snapshot();
  std::string waiting;
  std::string later;
  runtime::Nursery nursery(executor);
  nursery.spawn(wait_for(**opened, waiting));
  executor.run_for(std::chrono::milliseconds(1));
  (*opened)->crash();
  nursery.spawn(wait_for(**opened, later));
  executor.run();
  EXPECT_EQ(waiting, to_string(Error::Kind::cancelled));
  EXPECT_EQ(later, to_string(Error::Kind::closed));
  EXPECT_EQ(nursery.size(), 0u);
}

TEST(MemoryStore, AFailedSyncIsFatalAndNeverTriedAgain) {
  Disk disk(1);
  SimExecutor executor(1);
  std::string fatal;
  int count = 0;
  Options options;
  options.fatal = [&](const Error& error) {
    fatal = error.what;
    ++count;
  };
  auto opened = open(disk, executor, std::move(options));
  ASSERT_TRUE(opened);
  disk.fail_syncs(true);
  std::string first;
  executor.run_task(wait_for(**opened, first));
  disk.fail_syncs(false);
  std::string second;
  executor.run_task(wait_for(**opened, second));
  EXPECT_EQ(first, to_string(Error::Kind::unavailable));
  EXPECT_EQ(second, to_string(Error::Kind::unavailable))
      << "nothing is written after a failed sync";
  EXPECT_NE(fatal, "");
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace posta::store::memory
