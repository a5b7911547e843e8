#include "directory/pattern.h"

#include "directory/fold.h"

namespace posta::directory {
namespace {

Alias alias(std::string local) {
  return {{std::move(local), *Domain::parse("example.org")}, {}};
}

struct Row {
  std::string_view local;
  std::string_view matched;  // empty: none
};

TEST(Patterns, TheLongestLiteralWinsThenTheLongerPrefix) {
  Patterns patterns;
  for (const char* local : {"i*", "info-*", "*-sales", "info-*-eu", "ab*", "*ab", "a*b", "Ü*"})
    patterns.add(alias(local));
  constexpr Row kRows[] = {
      {"info-x", "info-*"},
      {"info-x-eu", "info-*-eu"},
      {"info-", "i*"},  // an asterisk is for one octet at least
      {"i", ""},
      {"west-sales", "*-sales"},
      {"info-sales", "*-sales"},  // six literal octets against five
      {"abab", "ab*"},            // two against two: prefix 2, then 1, then 0
      {"acab", "a*b"},
      {"ccab", "*ab"},
      {"übel", "Ü*"},
      {"nothing", ""},
  };
  for (const auto& [local, matched] : kRows) {
    const Alias* found = patterns.match(fold_local(local));
    EXPECT_EQ(found ? found->address.local : "", matched) << local;
  }
}

TEST(Patterns, TheOrderOfMakingThemDoesNotMatter) {
  std::vector<std::string> locals = {"a*", "*a", "ab*", "*ab", "a*b", "b*"};
  std::ranges::sort(locals);
  do {
    Patterns patterns;
    for (const auto& local : locals) patterns.add(alias(local));
    EXPECT_EQ(patterns.match("abxab")->address.local, "ab*");
    EXPECT_EQ(patterns.match("axb")->address.local, "a*b");
    EXPECT_EQ(patterns.match("bxa")->address.local, "b*");
  } while (std::ranges::next_permutation(locals).found);
}

TEST(Patterns, HaveOneAsteriskAndSomethingBesideIt) {
  EXPECT_TRUE(check_pattern("info-*"));
  EXPECT_TRUE(check_pattern("*x"));
  EXPECT_FALSE(check_pattern("*"));
  EXPECT_FALSE(check_pattern("a*b*"));
  EXPECT_FALSE(check_pattern("ab"));
}

}  // namespace
}  // namespace posta::directory
