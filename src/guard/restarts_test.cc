#include "guard/restarts.h"

#include <gtest/gtest.h>

namespace posta::guard {
namespace {

using namespace std::chrono_literals;

TEST(Restarts, TheFirstCrashIsAnsweredAtOnceAndTheNextOnesWaitLonger) {
  Restarts restarts({.crashes_max = 7, .pause_max = 1s});
  Instant now{};
  EXPECT_EQ(restarts.after_crash(now), 0ms);
  EXPECT_EQ(restarts.after_crash(now += 1ms), 100ms);
  EXPECT_EQ(restarts.after_crash(now += 1ms), 200ms);
  EXPECT_EQ(restarts.after_crash(now += 1ms), 400ms);
  EXPECT_EQ(restarts.after_crash(now += 1ms), 800ms);
  EXPECT_EQ(restarts.after_crash(now += 1ms), 1000ms) << "pause_max";
}

TEST(Restarts, MoreThanTheLimitInAMinuteGivesUp) {
  Restarts restarts({.crashes_max = 3, .pause_max = 5s});
  Instant now{};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(restarts.after_crash(now += 10s));
  EXPECT_FALSE(restarts.after_crash(now += 10s));
}

TEST(Restarts, CrashesThatAreFarApartGoOnForEver) {
  Restarts restarts({.crashes_max = 3, .pause_max = 5s});
  Instant now{};
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(restarts.after_crash(now += 21s)) << i;
  EXPECT_EQ(restarts.after_crash(now += 60s), 0s) << "forgotten after a minute";
}

TEST(Restarts, ZeroNeverGivesUp) {
  Restarts restarts({.crashes_max = 0, .pause_max = 0s});
  for (int i = 0; i < 30'000; ++i) EXPECT_EQ(restarts.after_crash(Instant{}), 0s);
}

}  // namespace
}  // namespace posta::guard
