#include "ops/manifest.h"

#include <gtest/gtest.h>

#include "base/codec.h"

#include <fmt/format.h>

namespace posta::ops {
namespace {

Manifest example() {
  return {
      "2026-11-26 09:00:00Z",
      "0.1.0",
      "mx.example.org",
      "store",
      {{"posta.toml", 7, 0xe3069283}, {"store/keys/a b%", 0, 1}, {"store/keys/\xc3\xa4", 5, 2}}};
}

TEST(Manifest, ReadsBack) {
  std::string text = print_manifest(example());
  EXPECT_TRUE(
      text.starts_with("posta-backup 1\nmade 2026-11-26 09:00:00Z\nposta 0.1.0\n"
                       "host mx.example.org\nstore store\nfile e3069283 7 posta.toml\n"
                       "file 00000001 0 store/keys/a%20b%25\n"))
      << text;
  auto back = parse_manifest(text);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, example());
}

TEST(Manifest, AnyCutOrChangedOctetIsNoticed) {
  std::string text = print_manifest(example());
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(parse_manifest(std::string_view(text).substr(0, i))) << i;
    std::string changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(parse_manifest(changed)) << i;
  }
  EXPECT_FALSE(parse_manifest(text + "x"));
}

TEST(Manifest, ANewerVersionIsSaidToBeOne) {
  auto newer = parse_manifest("posta-backup 2\n");
  ASSERT_FALSE(newer);
  EXPECT_TRUE(newer.error().is(Error::Kind::config));
}

TEST(Manifest, NoPathLeavesTheFolder) {
  for (std::string_view path :
       {"/etc/passwd", "../x", "a/../../x", "a//b", ".", "", "a/", "a/./b"}) {
    EXPECT_FALSE(is_safe_path(path)) << path;
    Manifest manifest = example();
    manifest.files = {{std::string(path), 1, 1}};
    EXPECT_FALSE(parse_manifest(print_manifest(manifest))) << path;
  }
  EXPECT_TRUE(is_safe_path("a/..b/c..d"));
  EXPECT_FALSE(is_safe_path(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace posta::ops
