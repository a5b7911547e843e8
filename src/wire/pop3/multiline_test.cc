#include "wire/pop3/multiline.h"

#include <gtest/gtest.h>

namespace posta::wire::pop3 {
namespace {

std::string encode(std::string_view message, std::size_t step, Workarounds workarounds = {}) {
  MultilineEncoder encoder(workarounds);
  std::string out;
  while (!message.empty()) {
    std::string_view piece = message.substr(0, step);
    message.remove_prefix(piece.size());
    for (std::string_view part; !(part = encoder.take(piece)).empty();) out += part;
  }
  return out.append(encoder.finish());
}

std::string top(std::string_view message, std::uint64_t lines, std::size_t step) {
  TopFilter filter(lines);
  std::string out;
  while (!message.empty()) {
    out += filter.take(message.substr(0, step));
    message.remove_prefix(std::min(step, message.size()));
  }
  return out;
}

constexpr std::string_view kNul("\0", 1);

TEST(MultilineEncoder, GivesTheMessageAndItsEnd) {
  struct Case {
    std::string message;
    std::string octets;
    Workarounds workarounds = {};
  };
  const Case cases[] = {
      {"", ".\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {"A: b\r\n\r\n.c\r\n..\r\n.\r\n", "A: b\r\n\r\n..c\r\n...\r\n..\r\n.\r\n"},
      {".", "..\r\n.\r\n"},
      {"a.b\r\n", "a.b\r\n.\r\n"},
      {"a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n"},  // INTEROP: bare LF
      {"\n\n", "\r\n\r\n.\r\n"},
      {"a\rb\r\n", "a\rb\r\n.\r\n"},  // bare CR is kept
      {"a\r", "a\r\r\n.\r\n"},
      {"a" + std::string(kNul) + "\xff\r\n", "a" + std::string(kNul) + "\xff\r\n.\r\n"},

      {"a" + std::string(kNul) + "b\r\n" + std::string(kNul),
       "a\x80"
       "b\r\n\x80\r\n.\r\n",
       {.no_nuls = true}},
      {"A: b\r\n", "A: b\r\n\r\n.\r\n", {.end_of_header = true}},
      {"A: b", "A: b\r\n\r\n.\r\n", {.end_of_header = true}},
      {"A: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n.\r\n", {.end_of_header = true}},
      {"A: b\n\nc\n", "A: b\r\n\r\nc\r\n.\r\n", {.end_of_header = true}},
      {"", "\r\n.\r\n", {.end_of_header = true}},
  };
  for (const auto& c : cases)
    for (std::size_t step : {1, 2, 3, 1000})
      EXPECT_EQ(encode(c.message, step, c.workarounds), c.octets)
          << testing::PrintToString(c.message) << " cut by " << step;
}

TEST(MultilineEncoder, AMessageWithoutDotsPassesInOneSlice) {
  const std::string message = "A: b\r\n\r\nline one\r\nline two\r\n";
  MultilineEncoder encoder;
  std::string_view rest = message;
  EXPECT_EQ(encoder.take(rest).data(), message.data());
  EXPECT_EQ(encoder.take(rest), "");
  EXPECT_EQ(encoder.finish(), ".\r\n");
}

// RFC 1939 §7, TOP.
TEST(TopFilter, ShowsTheHeaderAndSoManyLines) {
  struct Case {
    std::string_view message;
    std::uint64_t lines;
    std::string_view shown;
  };
  constexpr std::string_view kMessage = "A: b\r\nC: d\r\n\r\none\r\n\r\ntwo\r\n";
  const Case cases[] = {
      {kMessage, 0, "A: b\r\nC: d\r\n\r\n"},
      {kMessage, 1, "A: b\r\nC: d\r\n\r\none\r\n"},
      {kMessage, 2, "A: b\r\nC: d\r\n\r\none\r\n\r\n"},
      {kMessage, 3, kMessage},
      {kMessage, ~std::uint64_t{0}, kMessage},
      {"A: b\r\n", 0, "A: b\r\n"},  // all header
      {"\r\none\r\n", 0, "\r\n"},   // all body
      {"A: b\n\none\ntwo\n", 1, "A: b\n\none\n"},
      {"", 5, ""},
      {"A: b\r\n\r\nno end", 1, "A: b\r\n\r\nno end"},
  };
  for (const auto& c : cases)
    for (std::size_t step : {1, 2, 3, 1000})
      EXPECT_EQ(top(c.message, c.lines, step), c.shown)
          << testing::PrintToString(c.message) << c.lines << " cut by " << step;
}

TEST(TopFilter, SaysWhenNoMoreNeedBeRead) {
  TopFilter filter(1);
  EXPECT_EQ(filter.take("A: b\r\n\r\none\r\ntwo\r\n"), "A: b\r\n\r\none\r\n");
  EXPECT_TRUE(filter.done());
  EXPECT_EQ(filter.take("three\r\n"), "");
}

}  // namespace
}  // namespace posta::wire::pop3
