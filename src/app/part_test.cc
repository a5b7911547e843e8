#include "app/part.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace posta::app {
namespace {

namespace fs = std::filesystem;

class Part : public ::testing::Test {
 protected:
  Part() { fs::create_directory(base_); }
  ~Part() override { fs::remove_all(base_); }
  static void write(const fs::path& path) { std::ofstream(path) << "x"; }

  fs::path base_ = fs::temp_directory_path() / ("posta-part-" + std::to_string(getpid()));
  fs::path part_ = base_ / "new" / "backup.part";
};

TEST_F(Part, IsMadeForItsOwnerAloneAndHasNoMarkWhenItIsWhole) {
  ASSERT_TRUE(begin_part(part_));
  EXPECT_EQ(fs::status(part_).permissions(), fs::perms::owner_all);
  EXPECT_TRUE(fs::exists(part_ / kPartMark));
  ASSERT_TRUE(end_part(part_));
  EXPECT_TRUE(fs::is_empty(part_));
}

TEST_F(Part, WhatAnInterruptedOneHasLeftIsRemoved) {
  ASSERT_TRUE(begin_part(part_));
  write(part_ / "old");
  ASSERT_TRUE(begin_part(part_));
  EXPECT_FALSE(fs::exists(part_ / "old"));
}

TEST_F(Part, WhatIsNotOursIsLeftAsItIs) {
  fs::create_directories(part_);
  write(part_ / "precious");
  auto begun = begin_part(part_);
  ASSERT_FALSE(begun);
  EXPECT_NE(begun.error().what.find("move it away"), std::string::npos);
  EXPECT_TRUE(fs::exists(part_ / "precious"));
}

TEST_F(Part, ALinkIsNotFollowed) {
  fs::path elsewhere = base_ / "elsewhere";
  ASSERT_TRUE(begin_part(elsewhere));
  write(elsewhere / "precious");
  fs::create_directory(part_.parent_path());
  fs::create_directory_symlink(elsewhere, part_);
  EXPECT_FALSE(begin_part(part_));
  EXPECT_TRUE(fs::exists(elsewhere / "precious"));
}

TEST_F(Part, AMarkOfSomebodyElseIsNone) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_TRUE(begin_part(part_));
  ASSERT_EQ(chown((part_ / kPartMark).c_str(), 65534, 65534), 0);
  write(part_ / "precious");
  EXPECT_FALSE(begin_part(part_));
  EXPECT_TRUE(fs::exists(part_ / "precious"));
}

}  // namespace
}  // namespace posta::app
