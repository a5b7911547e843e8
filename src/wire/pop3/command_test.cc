#include "wire/pop3/command.h"

#include <gtest/gtest.h>

#include "wire/pop3/line.h"

namespace posta::wire::pop3 {
namespace {

using Why = Refused::Why;

TEST(Command, IsReadAndPrinted) {
  struct Case {
    std::string_view line;
    std::string_view printed;
  };
  const Case cases[] = {
      {"USER mrose", "USER mrose"},  // RFC 1939 §7
      {"user ann@example.org ", "USER ann@example.org"},
      {"USER two words", "USER two words"},
      {"USER gr\xc3\xbc\xc3\x9f", "USER gr\xc3\xbc\xc3\x9f"},  // RFC 6856 §2.2
      {"PASS secret", "PASS secret"},
      {"PASS  a b  ", "PASS  a b  "},  // exactly as it came
      {"pass ", "PASS "},
      {"APOP mrose c4c9334bac560ecc979e58001b3e22fb",
       "APOP mrose c4c9334bac560ecc979e58001b3e22fb"},
      {"STAT", "STAT"},
      {"stat  ", "STAT"},
      {"LIST", "LIST"},
      {"LIST 2", "LIST 2"},
      {"list  002 ", "LIST 2"},
      {"RETR 1", "RETR 1"},
      {"RETR 4294967295", "RETR 4294967295"},
      {"DELE 1", "DELE 1"},
      {"NOOP", "NOOP"},
      {"RSET", "RSET"},
      {"RSET 3", "RSET 3"},  // inventory #126
      {"QUIT", "QUIT"},
      {"quit", "QUIT"},
      {"TOP 1 10", "TOP 1 10"},
      {"TOP 1 0", "TOP 1 0"},
      {"TOP 1 99999999999999999999", "TOP 1 18446744073709551615"},
      {"UIDL", "UIDL"},
      {"UIDL 1", "UIDL 1"},
      {"LAST", "LAST"},
      {"CAPA", "CAPA"},  // RFC 2449 §5
      {"STLS", "STLS"},  // RFC 2595 §4
      {"AUTH", "AUTH"},
      {"AUTH plain", "AUTH PLAIN"},  // RFC 5034 §4
      {"AUTH PLAIN dGVzdAB0ZXN0AHRlc3Q=", "AUTH PLAIN dGVzdAB0ZXN0AHRlc3Q="},
      {"AUTH EXTERNAL =", "AUTH EXTERNAL ="},
      {"UTF8", "UTF8"},  // RFC 6856 §2
      {"LANG", "LANG"},
      {"LANG en-boont", "LANG en-boont"},
      {"LANG *", "LANG *"},
  };
  for (const auto& c : cases) {
    auto command = parse_command(c.line);
    ASSERT_TRUE(command) << c.line;
    EXPECT_EQ(to_string(*command), c.printed);
    EXPECT_TRUE(c.printed.starts_with(verb_of(*command))) << c.line;
    auto again = parse_command(c.printed);
    EXPECT_TRUE(again && *again == *command) << c.line;
  }
}

TEST(Command, IsRefusedForAReason) {
  struct Case {
    std::string_view line;
    Why why;
    std::size_t at;
  };
  const Case cases[] = {
      {"", Why::unknown_command, 0},
      {"XTND BBOARDS", Why::unknown_command, 0},
      {" STAT", Why::unknown_command, 0},
      {"EHLO there", Why::unknown_command, 0},
      {"USER", Why::missing_argument, 4},
      {"USER  ", Why::missing_argument, 4},
      {"USER a\x01", Why::bad_argument, 5},
      {"USER \xff", Why::bad_argument, 5},
      {"PASS", Why::missing_argument, 4},
      {"APOP", Why::missing_argument, 4},
      {"APOP mrose", Why::missing_argument, 10},
      {"APOP mrose 123", Why::bad_argument, 11},
      {"APOP mrose c4c9334bac560ecc979e58001b3e22fb x", Why::extra_argument, 44},
      {"STAT 1", Why::extra_argument, 5},
      {"LIST 1 2", Why::extra_argument, 7},
      {"LIST x", Why::bad_number, 5},
      {"LIST -1", Why::bad_number, 5},
      {"LIST +1", Why::bad_number, 5},
      {"LIST 0", Why::no_such_message, 5},
      {"RETR", Why::missing_argument, 4},
      {"RETR 4294967296", Why::no_such_message, 5},
      {"RETR 1 2", Why::extra_argument, 7},
      {"DELE 1x", Why::bad_number, 5},
      {"TOP 1", Why::missing_argument, 5},
      {"TOP 1 x", Why::bad_number, 6},
      {"TOP 1 -1", Why::bad_number, 6},  // RFC 1939 §7: "a non-negative number of lines"
      {"TOP 1 2 3", Why::extra_argument, 8},
      {"UIDL 0", Why::no_such_message, 5},
      {"QUIT now", Why::extra_argument, 5},
      {"AUTH PLA!N", Why::bad_argument, 5},
      {"AUTH PLAIN !", Why::bad_argument, 11},
      {"AUTH PLAIN AA== x", Why::extra_argument, 16},
      {"LANG e_n", Why::bad_argument, 5},
  };
  for (const auto& c : cases) {
    auto command = parse_command(c.line);
    ASSERT_FALSE(command) << c.line;
    EXPECT_EQ(command.error().why, c.why) << c.line;
    EXPECT_EQ(command.error().at, c.at) << c.line;
    EXPECT_TRUE(to_octets(command.error().reply).starts_with("-ERR ")) << c.line;
  }
}

struct Seen {
  Line::Kind kind;
  std::string text;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::vector<Seen> read(std::string octets, const Limits& limits) {
  LineReader reader(limits);
  std::vector<Seen> seen;
  for (;;) {
    Line line = reader.next(octets);
    if (line.kind == Line::Kind::need_more) return seen;
    seen.push_back({line.kind, std::string(line.text)});
    octets.erase(0, line.consumed);
  }
}

TEST(LineReader, LinesEndInCrlfOrLf) {
  using Kind = Line::Kind;
  EXPECT_EQ(
      read("USER a\r\nPASS b \nQUIT\r\nST", {}),
      (std::vector<Seen>{{Kind::line, "USER a"}, {Kind::line, "PASS b "}, {Kind::line, "QUIT"}}));
  EXPECT_EQ(
      read(std::string("ST\0AT\r\nST\rAT\r\nSTAT\r\r\n", 21), {}),
      (std::vector<Seen>{{Kind::bad_octet, ""}, {Kind::bad_octet, ""}, {Kind::bad_octet, ""}}));
}

// RFC 2449 §4: 255 octets must do; we take 1024.
TEST(LineReader, LinesAreBounded) {
  using Kind = Line::Kind;
  const Limits limits;
  const std::string fits(limits.command_line_octets_max - 2, 'a');
  EXPECT_EQ(read(fits + "\r\nSTAT\r\n", limits),
            (std::vector<Seen>{{Kind::line, fits}, {Kind::line, "STAT"}}));
  EXPECT_EQ(read(fits + "a\r\nSTAT\r\n", limits),
            (std::vector<Seen>{{Kind::too_long, ""}, {Kind::line, "STAT"}}));

  LineReader reader(Limits{.command_line_octets_max = 8, .skipped_line_octets_max = 20});
  EXPECT_EQ(reader.next("1234567").consumed, 0u);
  EXPECT_EQ(reader.next("12345678").consumed, 8u);
  EXPECT_EQ(reader.next("12345678901").consumed, 11u);
  EXPECT_EQ(reader.next("1").kind, Kind::endless);
}

}  // namespace
}  // namespace posta::wire::pop3
