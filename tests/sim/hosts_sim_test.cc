// Two hosts mailing each other: 20 seeds, or POSTA_SIM_SEEDS of them, or POSTA_SIM_SEED alone.
#include "sim/hosts_sim.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/text.h"

namespace posta::sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? to_number<std::uint64_t>(text).value_or(otherwise) : otherwise;
}

TEST(HostsSim, WhatIsAcceptedArrivesIsOwedOrIsReported) {
  std::uint64_t first = from_environment("POSTA_SIM_SEED", 0);
  std::uint64_t last = first ? first : from_environment("POSTA_SIM_SEEDS", 20);
  std::map<std::string, unsigned> story;
  for (std::uint64_t seed = first ? first : 1; seed <= last; ++seed) {
    HostsSim sim({.seed = seed});
    sim.run();
    for (const std::string& complaint : sim.complaints())
      ADD_FAILURE() << "seed " << seed << " (POSTA_SIM_SEED=" << seed << "): " << complaint;
    for (const auto& [what, times] : sim.story()) story[what] += times;
  }
  if (std::getenv("POSTA_SIM_STORY"))
    for (const auto& [what, times] : story) fmt::print("{:8} {}\n", times, what);
  if (first) return;
  for (const char* what : {"letters accepted", "letters that crossed", "reports", "faults",
                           "power cuts", "graceful ends", "sender sessions broken"})
    EXPECT_GT(story[what], 0u) << what;
}

TEST(HostsSim, WithoutFaultsEveryCopyCrossesOnce) {
  HostsSim sim({.seed = 5, .rounds = 2, .faults = false});
  sim.run();
  EXPECT_EQ(sim.complaints(), std::vector<std::string>());
  EXPECT_FALSE(sim.story().contains("copies sent again"));
}

TEST(HostsSim, OneSeedTwiceIsOneStory) {
  auto hash_of = [](std::uint64_t seed) {
    HostsSim sim({.seed = seed, .rounds = 2});
    sim.run();
    return sim.trace_hash();
  };
  std::uint64_t once = hash_of(3);
  EXPECT_EQ(once, hash_of(3));
  EXPECT_NE(once, hash_of(4));
}

TEST(HostsSim, APromiseThatNobodyKeptIsNoticed) {
  HostsSim sim({.seed = 5, .rounds = 1, .faults = false});
  sim.promise_nothing();
  sim.run();
  EXPECT_FALSE(sim.complaints().empty());
}

}  // namespace
}  // namespace posta::sim
