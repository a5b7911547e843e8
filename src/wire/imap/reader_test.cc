#include "wire/imap/reader.h"

#include <gtest/gtest.h>

namespace posta::wire::imap {
namespace {

using Kind = CommandReader::Kind;

// What a session would do, as one line for each event. `step` octets come at a time.
std::string run(std::string_view octets, std::size_t step, const Limits& limits = {},
                bool logged_in = true, bool refuse_messages = false) {
  CommandReader reader(limits);
  if (logged_in) reader.set_logged_in();
  std::string buffer, said;
  std::uint64_t message_left = 0;
  bool in_message = false;
  while (true) {
    if (in_message) {
      std::size_t n =
          static_cast<std::size_t>(std::min<std::uint64_t>(message_left, buffer.size()));
      said += buffer.substr(0, n);
      buffer.erase(0, n);
      message_left -= n;
      if (message_left == 0) {
        in_message = false;
        said += ">\n";
        reader.message_taken();
      }
    }
    CommandReader::Event event;
    if (!in_message) event = reader.next(buffer);
    buffer.erase(0, event.consumed);
    switch (event.kind) {
      case Kind::need_more:
        if (octets.empty()) return said;
        buffer += octets.substr(0, step);
        octets.remove_prefix(std::min(step, octets.size()));
        break;
      case Kind::go_ahead: said += "+\n"; break;
      case Kind::command: said += "command " + std::string(reader.octets()) + "\n"; break;
      case Kind::message:
        said += "message " + std::string(reader.octets()) + (event.synchronising ? " +" : "");
        if (refuse_messages && event.synchronising) {
          said += " refused\n";
          reader.message_refused();
          break;
        }
        said += " <";
        in_message = true;
        message_left = event.message_octets;
        break;
      case Kind::refused:
        said += "refused " + std::string(event.tag) + ": " + std::string(event.text) +
                (event.too_big ? " [TOOBIG]" : "") + (event.fatal ? " fatal\n" : "\n");
        if (event.fatal) return said;
    }
  }
}

struct Case {
  std::string_view octets;
  std::string_view events;
};

void expect_all(std::span<const Case> cases, const Limits& limits = {}, bool logged_in = true,
                bool refuse_messages = false) {
  for (const Case& c : cases)
    for (std::size_t step : {1000, 1, 2, 3, 7})
      EXPECT_EQ(run(c.octets, step, limits, logged_in, refuse_messages), c.events)
          << c.octets << " in steps of " << step;
}

TEST(CommandReader, CommandsEndWithTheirLineAndLiteralsDoNot) {
  const Case cases[] = {
      {"a NOOP\r\nb NOOP\r\n", "command a NOOP\ncommand b NOOP\n"},
      {"a NOOP\nb NOOP\n", "command a NOOP\ncommand b NOOP\n"},  // typed by hand
      {"a NOOP", ""},
      {"\r\n", "command \n"},
      {"a LOGIN {3}\r\nann {2}\r\nxy\r\nb NOOP\r\n",
       "+\n+\ncommand a LOGIN {3}\r\nann {2}\r\nxy\ncommand b NOOP\n"},
      {"a LOGIN {3+}\r\nann {4+}\r\n\r\nx\r\r\n", "command a LOGIN {3+}\r\nann {4+}\r\n\r\nx\r\n"},
      {"a LOGIN {3}\nann {0}\n\n", "+\n+\ncommand a LOGIN {3}\r\nann {0}\r\n\n"},
      {"a x \"{3}\"\r\n", "command a x \"{3}\"\n"},
      {"a x {}\r\n", "command a x {}\n"},
      {"a x {-1}\r\n", "command a x {-1}\n"},
      {"a x 3}\r\n", "command a x 3}\n"},
  };
  expect_all(cases);
}

TEST(CommandReader, TheMessageOfAppendIsTheCallers) {
  const Case cases[] = {
      {"a APPEND x (\\Seen) {5}\r\nhello\r\nb NOOP\r\n",
       "message a APPEND x (\\Seen) {5} + <hello>\n"
       "command a APPEND x (\\Seen) {5}\ncommand b NOOP\n"},
      {"a append {1+}\r\nx {7+}\r\na\r\nb\r\n!\r\n",
       "message a append {1+}\r\nx {7+} <a\r\nb\r\n!>\ncommand a append {1+}\r\nx {7+}\n"},
      {"a APPEND {0}\r\n {1}\r\ny\r\n",  // the first is the mailbox, whatever it is
       "+\nmessage a APPEND {0}\r\n {1} + <y>\ncommand a APPEND {0}\r\n {1}\n"},
      {"a APPEND x {0+}\r\n\r\n", "message a APPEND x {0+} <>\ncommand a APPEND x {0+}\n"},
      // RFC 3502 is not spoken here
      {"a APPEND x {1+}\r\ny (\\Seen) {2}\r\nb NOOP\r\n",
       "message a APPEND x {1+} <y>\nrefused a: APPEND takes one message\ncommand b NOOP\n"},
      {"a APPEND x {1+}\r\ny {2+}\r\nzz\r\nb NOOP\r\n",
       "message a APPEND x {1+} <y>\nrefused a: APPEND takes one message fatal\n"},
      {"a APPENDIX x {1}\r\ny\r\n", "+\ncommand a APPENDIX x {1}\r\ny\n"},
  };
  expect_all(cases);
}

TEST(CommandReader, AMessageThatIsRefusedNeverComes) {
  const Case cases[] = {
      {"a APPEND x {5}\r\nb NOOP\r\n", "message a APPEND x {5} + refused\ncommand b NOOP\n"}};
  expect_all(cases, {}, true, true);
}

TEST(CommandReader, NobodyAppendsBeforeLogin) {
  const Case cases[] = {{"a APPEND x {5}\r\nhello\r\n", "+\ncommand a APPEND x {5}\r\nhello\n"}};
  expect_all(cases, {}, false);
}

TEST(CommandReader, ABareCrAndNulAreRefused) {
  const Case cases[] = {
      {"a NO\rOP\r\nb NOOP\r\n", "refused a: A CR without LF is no line end\ncommand b NOOP\n"},
      {"a NOOP\r\r\n", "refused a: A CR without LF is no line end\n"},
      {std::string_view("a NO\0OP\r\nb NOOP\r\n", 18),
       "refused a: NUL cannot stand in a command\ncommand b NOOP\n"},
      // what would follow is no command
      {"a L\rOGIN {5+}\r\n", "refused a: A CR without LF is no line end fatal\n"},
      {"a L\rOGIN {5}\r\nb NOOP\r\n",
       "refused a: A CR without LF is no line end\ncommand b NOOP\n"},
  };
  expect_all(cases);
}

TEST(CommandReader, LineOctetsMaxIsALimit) {
  const Limits limits{.line_octets_max = 10, .command_octets_max = 100};
  const Case cases[] = {
      {"a 12345678\r\na 12345678\n", "command a 12345678\ncommand a 12345678\n"},
      {"a 123456789\r\nb NOOP\r\n", "refused a: The line is too long\ncommand b NOOP\n"},
      {"a 123456789\nb NOOP\r\n", "refused a: The line is too long\ncommand b NOOP\n"},
      {"a 1234567890123456789012345678901234567890123456789 {3}\r\nb NOOP\r\n",
       "refused a: The line is too long\ncommand b NOOP\n"},
      {"a 1234567890123456789012345678901234567890123456789 {3+}\r\nabc\r\n",
       "refused a: The line is too long fatal\n"},
      {"a {3+}\r\nabc456789\r\nb NOOP\r\n", "refused a: The line is too long\ncommand b NOOP\n"},
  };
  expect_all(cases, limits);
  std::string endless = "a " + std::string(200, 'x') + "\r\nb NOOP\r\n";
  for (std::size_t step : {1000, 1, 9})
    EXPECT_EQ(run(endless, step, limits), "refused a: The line does not end fatal\n");
}

TEST(CommandReader, LiteralOctetsMaxIsALimit) {
  const Limits limits{.literal_octets_max = 5, .literal_octets_before_login_max = 2};
  const Case cases[] = {
      {"a x {5}\r\n12345\r\n", "+\ncommand a x {5}\r\n12345\n"},
      {"a x {6}\r\nb NOOP\r\n", "refused a: The literal is too big [TOOBIG]\ncommand b NOOP\n"},
      {"a x {6+}\r\n123456\r\n", "refused a: The literal is too big [TOOBIG] fatal\n"},
      {"a x {99999999999999999999}\r\n", "refused a: The literal is too big [TOOBIG]\n"},
      {"a APPEND x {99999999999999999999+}\r\n",
       "refused a: The literal is too big [TOOBIG] fatal\n"},
  };
  expect_all(cases, limits);
  const Case before[] = {
      {"a x {2}\r\n12\r\n", "+\ncommand a x {2}\r\n12\n"},
      {"a x {3}\r\n", "refused a: The literal is too big [TOOBIG]\n"},
      {"a x {3+}\r\n", "refused a: The literal is too big [TOOBIG] fatal\n"},
  };
  expect_all(before, limits, false);
}

TEST(CommandReader, CommandOctetsMaxAndLiteralsMaxAreLimits) {
  const Limits limits{.command_octets_max = 30, .literals_max = 2};
  const Case cases[] = {
      {"a {1+}\r\nx{1+}\r\ny\r\n", "command a {1+}\r\nx{1+}\r\ny\n"},
      {"a {1+}\r\nx{1+}\r\ny{1}\r\n", "+\n"},
      {"a {1+}\r\nx{1+}\r\ny{1+}\r\n", ""},
      {"a {25}\r\n", "refused a: The command is too big [TOOBIG]\n"},
      {"a {25+}\r\n", "refused a: The command is too big [TOOBIG] fatal\n"},
  };
  EXPECT_EQ(run(cases[0].octets, 100, limits), cases[0].events);
  EXPECT_EQ(run(cases[1].octets, 100, limits), "refused a: Too many literals in one command\n");
  EXPECT_EQ(run(cases[2].octets, 1, limits), "refused a: Too many literals in one command fatal\n");
  EXPECT_EQ(run(cases[3].octets, 1, limits), cases[3].events);
  EXPECT_EQ(run(cases[4].octets, 100, limits), cases[4].events);
}

TEST(CommandReader, ARefusedLineWithoutATagHasNone) {
  const Case cases[] = {
      {"\"\r x\r\n", "refused : A CR without LF is no line end\n"},
      {"+\r x\r\n", "refused : A CR without LF is no line end\n"},
  };
  expect_all(cases);
}

TEST(CommandReader, OtherLinesHaveTheirOwnLimit) {
  for (std::size_t step : {100, 1, 3}) {
    CommandReader reader({});
    std::string_view octets = "DONE\r\n1234567\n\rx\r\n12345678\r\na NOOP\r\n";
    std::string buffer, said;
    for (int lines = 0; lines < 4;) {
      buffer += octets.substr(0, step);
      octets.remove_prefix(std::min(step, octets.size()));
      auto event = reader.next_line(buffer, 7);
      buffer.erase(0, event.consumed);
      if (event.kind == Kind::need_more) continue;
      ++lines;
      said += event.kind == Kind::command ? std::string(reader.octets()) : std::string(event.text);
      said += '|';
      EXPECT_FALSE(event.fatal);
    }
    EXPECT_EQ(said, "DONE|1234567|A CR without LF is no line end|The line is too long|");
    buffer += octets;
    EXPECT_EQ(reader.next(buffer).kind, Kind::command);
    EXPECT_EQ(reader.octets(), "a NOOP");
  }
}

}  // namespace
}  // namespace posta::wire::imap
