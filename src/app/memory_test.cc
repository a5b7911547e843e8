// How much memory the store's cache takes unless somebody says so.
#include "app/memory.h"

#include <gtest/gtest.h>

#include "app/config.h"

namespace posta::app {
namespace {

TEST(Memory, TheCacheIsAShareOfItWithinBounds) {
  EXPECT_EQ(usual_cache(256_MiB), 64_MiB);
  EXPECT_EQ(usual_cache(2048_MiB), 128_MiB);
  EXPECT_EQ(usual_cache(2048_MiB + 17), 128_MiB) << "whole MiB";
  EXPECT_EQ(usual_cache(64 * 1024_MiB), 512_MiB);
}

TEST(Memory, AControlGroupMayAllowLess) {
  EXPECT_EQ(group_limit("536870912\n"), 512_MiB);
  EXPECT_EQ(group_limit("max\n"), std::nullopt);
  EXPECT_EQ(group_limit(""), std::nullopt);
}

TEST(Memory, TheConfigurationHasTheSameDefaultEachTime) {
  EXPECT_GE(memory_here(), 16_MiB);
  EXPECT_EQ(default_config().store_cache, usual_cache(memory_here()));
}

}  // namespace
}  // namespace posta::app
