#include "server/imap/line_ends.h"

#include <gtest/gtest.h>

namespace posta::server::imap {
namespace {

struct Case {
  std::string_view in;
  std::string_view out;
};

constexpr Case kCases[] = {
    {"", ""},
    {"a\r\nb\r\n", "a\r\nb\r\n"},
    {"a\nb\n", "a\r\nb\r\n"},
    {"a\rb\r", "a\r\nb\r\n"},
    {"\n", "\r\n"},
    {"\r\r\n\n", "\r\n\r\n\r\n"},
    {"no end", "no end"},
};

// Cut anywhere, the result is the same.
TEST(LineEnds, ALoneCrOrLfBecomesCrlfHoweverTheOctetsAreCut) {
  for (const Case& c : kCases) {
    for (std::size_t step = 1; step <= c.in.size() + 1; ++step) {
      LineEnds ends;
      std::string all, scratch;
      for (std::size_t at = 0; at < c.in.size(); at += step)
        all += ends.take(c.in.substr(at, step), scratch);
      all += ends.finish();
      EXPECT_EQ(all, c.out) << c.in << " in pieces of " << step;
      EXPECT_FALSE(ends.nul());
    }
  }
}

TEST(LineEnds, NulIsFound) {
  for (std::string_view text : {std::string_view("\0", 1), std::string_view("a\0\n", 3)}) {
    LineEnds ends;
    std::string scratch;
    ends.take(text, scratch);
    EXPECT_TRUE(ends.nul());
  }
}

}  // namespace
}  // namespace posta::server::imap
