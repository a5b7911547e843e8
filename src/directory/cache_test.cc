#include "directory/cache.h"

#include <thread>

namespace posta::directory {
namespace {

TEST(Cache, AnEntryIsValidUntilSomethingIsCommittedAfterIt) {
  Cache<int> cache(100);
  cache.put("a", 1, 5);
  EXPECT_EQ(*cache.find("a", 5), 1);
  EXPECT_EQ(*cache.find("a", 3), 1);
  EXPECT_EQ(cache.find("a", 6), nullptr);
  EXPECT_EQ(cache.find("b", 0), nullptr);
}

TEST(Cache, WhatWasReadLaterIsNotReplacedByWhatWasReadEarlier) {
  Cache<int> cache(100);
  cache.put("a", 2, 7);
  EXPECT_EQ(*cache.put("a", 1, 5), 1);  // the caller gets what it brought
  EXPECT_EQ(*cache.find("a", 0), 2);
  cache.put("a", 3, 7);
  EXPECT_EQ(*cache.find("a", 0), 3);
}

TEST(Cache, IsBoundedAndKeepsWhatIsUsed) {
  Cache<int> cache(1000);
  std::size_t kept = 0;
  for (int i = 0; i < 20'000; ++i) {
    cache.put(std::to_string(i), i, 1);
    ASSERT_NE(cache.find("0", 1), nullptr) << "the hot entry went after " << i;
  }
  for (int i = 0; i < 20'000; ++i) kept += cache.find(std::to_string(i), 1) != nullptr;
  EXPECT_LE(kept, cache.entries_max());
  EXPECT_GT(kept, cache.entries_max() / 2);
}

TEST(Cache, AnAnswerOutlivesItsPlace) {
  Cache<std::string> cache(1);
  auto held = cache.put("a", "held", 1);
  for (int i = 0; i < 5000; ++i) cache.put(std::to_string(i), "other", 1);
  EXPECT_EQ(cache.find("a", 1), nullptr);
  EXPECT_EQ(*held, "held");
}

TEST(Cache, ServesManyThreads) {
  Cache<std::size_t> cache(200);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, &wrong, t] {
      for (std::size_t i = 0; i < 20'000; ++i) {
        std::size_t n = (i * 7 + t) % 300;
        auto found = cache.find(std::to_string(n), 1);
        if (found && *found != n) ++wrong;
        if (!found) cache.put(std::to_string(n), n, 1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace posta::directory
