#include "wire/smtp/line.h"

#include <gtest/gtest.h>

namespace posta::wire::smtp {
namespace {

using Kind = Line::Kind;

struct Seen {
  Kind kind;
  std::string text;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << static_cast<int>(seen.kind) << ":" << seen.text;
}

std::vector<Seen> read(LineReader& reader, std::string octets) {
  std::vector<Seen> seen;
  for (;;) {
    Line line = reader.next(octets);
    if (line.kind == Kind::need_more) return seen;
    seen.push_back({line.kind, std::string(line.text)});
    octets.erase(0, line.consumed);
  }
}

std::vector<Seen> read(std::string octets, bool hand = false, Limits limits = {}) {
  LineReader reader(limits, hand);
  return read(reader, std::move(octets));
}

TEST(LineReader, TheFirstLineDecidesHowLinesEnd) {
  struct Case {
    std::string_view what;
    bool hand_mode_permitted;
    std::string octets;
    std::vector<Seen> seen;
    LineEnds ends;
  };
  const Case cases[] = {
      {.what = "CRLF",
       .hand_mode_permitted = false,
       .octets = "EHLO a\r\nQUIT\r\n",
       .seen = {{Kind::line, "EHLO a"}, {Kind::line, "QUIT"}},
       .ends = LineEnds::crlf},
      {.what = "loopback speaks CRLF too",
       .hand_mode_permitted = true,
       .octets = "EHLO a\r\nQUIT\r\n",
       .seen = {{Kind::line, "EHLO a"}, {Kind::line, "QUIT"}},
       .ends = LineEnds::crlf},
      {.what = "by hand",
       .hand_mode_permitted = true,
       .octets = "helo a\nquit\n",
       .seen = {{Kind::line, "helo a"}, {Kind::line, "quit"}},
       .ends = LineEnds::bare_lf},
      {.what = "by hand from afar",
       .hand_mode_permitted = false,
       .octets = "helo a\nquit\n",
       .seen = {{Kind::bare_lf, ""}, {Kind::bare_lf, ""}},
       .ends = LineEnds::crlf},
      {.what = "a bare LF in a CRLF session is not obeyed, what follows is",
       .hand_mode_permitted = true,
       .octets = "EHLO a\r\nRSET\nNOOP\r\n",
       .seen = {{Kind::line, "EHLO a"}, {Kind::bare_lf, ""}, {Kind::line, "NOOP"}},
       .ends = LineEnds::crlf},
      {.what = "CRLF by hand is mixing",
       .hand_mode_permitted = true,
       .octets = "helo a\nRSET\r\n",
       .seen = {{Kind::line, "helo a"}, {Kind::mixed, ""}},
       .ends = LineEnds::bare_lf},
      {.what = "bare CR",
       .hand_mode_permitted = false,
       .octets = "EHLO a\rRSET\r\n",
       .seen = {{Kind::bad_octet, ""}},
       .ends = LineEnds::crlf},
      {.what = "NUL",
       .hand_mode_permitted = false,
       .octets = std::string("EH\0LO\r\n", 7),
       .seen = {{Kind::bad_octet, ""}},
       .ends = LineEnds::crlf},
      {.what = "empty lines are lines",
       .hand_mode_permitted = false,
       .octets = "\r\n\r\n",
       .seen = {{Kind::line, ""}, {Kind::line, ""}},
       .ends = LineEnds::crlf},
      {.what = "half a line end is none",
       .hand_mode_permitted = false,
       .octets = "QUIT\r",
       .seen = {},
       .ends = LineEnds::undecided},
  };
  for (const auto& c : cases) {
    LineReader reader({}, c.hand_mode_permitted);
    EXPECT_EQ(read(reader, c.octets), c.seen) << c.what;
    EXPECT_EQ(reader.ends(), c.ends) << c.what;
  }
}

TEST(LineReader, HandModeCannotBeginOnceForbidden) {
  LineReader reader({}, true);
  reader.forbid_hand_mode();
  EXPECT_EQ(read(reader, "quit\n"), (std::vector<Seen>{{Kind::bare_lf, ""}}));
}

// RFC 5321 §4.5.3.1.4: 512 octets with the line end must do; we take 2048.
TEST(LineReader, ALineMayHaveAsManyOctetsAsTheLimitSays) {
  const Limits limits;
  const std::string fits(limits.command_line_octets_max - 2, 'a');
  EXPECT_EQ(read(fits + "\r\nQUIT\r\n"),
            (std::vector<Seen>{{Kind::line, fits}, {Kind::line, "QUIT"}}));
  EXPECT_EQ(read(fits + "a\r\nQUIT\r\n"),
            (std::vector<Seen>{{Kind::too_long, ""}, {Kind::line, "QUIT"}}));
}

TEST(LineReader, ALineTooLongIsConsumedAsItComes) {
  LineReader reader(Limits{.command_line_octets_max = 8, .skipped_line_octets_max = 20});
  EXPECT_EQ(reader.next("1234567").consumed, 0u);
  EXPECT_EQ(reader.next("12345678").consumed, 8u);  // too long now, whatever follows
  EXPECT_EQ(reader.next("9012345\r").consumed, 8u);
  Line end = reader.next("\nQUIT\r\n");
  EXPECT_EQ(end.kind, Kind::too_long);
  EXPECT_EQ(end.consumed, 1u);
  EXPECT_EQ(reader.next("QUIT\r\n").kind, Kind::line);
}

TEST(LineReader, ALineWithoutEndIsGivenUp) {
  const Limits limits{.command_line_octets_max = 8, .skipped_line_octets_max = 20};
  LineReader reader(limits);
  EXPECT_EQ(reader.next(std::string(19, 'a')).kind, Kind::need_more);
  EXPECT_EQ(reader.next("a").kind, Kind::endless);
  EXPECT_EQ(read(std::string(30, 'a') + "\r\n", false, limits).front().kind, Kind::endless);
}

TEST(LineReader, LinesOfAuthMayBeLonger) {
  LineReader reader(Limits{.command_line_octets_max = 8});
  reader.set_line_octets_max(20);
  EXPECT_EQ(read(reader, "0123456789\r\n"), (std::vector<Seen>{{Kind::line, "0123456789"}}));
  reader.set_line_octets_max(8);
  EXPECT_EQ(read(reader, "0123456789\r\n"), (std::vector<Seen>{{Kind::too_long, ""}}));
}

}  // namespace
}  // namespace posta::wire::smtp
