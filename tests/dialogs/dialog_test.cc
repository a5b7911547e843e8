// The runner itself: what it reads, and that it notices what is wrong.
#include "dialogs/dialog.h"

#include "dialogs/sim_stage.h"

namespace posta::dialogs {
namespace {

TEST(Glob, MatchesWholeTexts) {
  struct Case {
    std::string_view glob, text;
    bool matches;
  };
  static constexpr Case kCases[] = {
      {"250*", "250 ok", true},
      {"250*", "550 250", false},
      {"*ok", "250 ok", true},
      {"2?0 ok", "250 ok", true},
      {"2?0 ok", "2500 ok", false},
      {"", "", true},
      {"", "x", false},
      {"*", "", true},
      {"a*b*c", "a-b-b-c", true},
      {"a*b*c", "a-b-b-d", false},
      {"a**", "a", true},
      {"250", "250 ok", false},
      {"*\n*", "two\nlines", true},
  };
  for (const Case& c : kCases) EXPECT_EQ(matches(c.glob, c.text), c.matches) << c.glob << c.text;
}

TEST(Dialog, ALineMayHoldACommandAndItsReply) {
  auto dialog = parse_dialog("x", "# claim\n@server mx   @peer ::1\n> EHLO a  b   < 250*\n< EOF\n");
  ASSERT_TRUE(dialog);
  ASSERT_EQ(dialog->steps.size(), 5u);
  EXPECT_EQ(dialog->steps[1].arguments, std::vector<std::string>{"::1"});
  EXPECT_EQ(dialog->steps[2].text, "EHLO a  b\r\n");
  EXPECT_EQ(dialog->steps[3].text, "250*");
  EXPECT_EQ(dialog->steps[3].line, 3);
  EXPECT_EQ(dialog->steps[4].kind, Step::Kind::expect_end);
}

TEST(Dialog, OctetsAreStringsThatMayBeRepeated) {
  auto dialog = parse_dialog("x", R"(! "a\r\n" "xy" * 2 "\0\x7f\"\\")");
  ASSERT_TRUE(dialog);
  EXPECT_EQ(dialog->steps[0].text, std::string("a\r\nxyxy\0\x7f\"\\", 11));
}

TEST(Dialog, NonsenseIsRefusedWithItsLine) {
  for (std::string_view text : {"EHLO", "! \"open", "! \"x\" * many", "<250", "! \"\\xzz\""}) {
    auto dialog = parse_dialog("x", text);
    ASSERT_FALSE(dialog) << text;
    EXPECT_TRUE(dialog.error().what.starts_with("line 1: ")) << dialog.error().what;
  }
}

TEST(Dialog, WhatARealServerCannotDoNeedsTheSimulator) {
  for (std::string_view text :
       {"@wait 5m", "@setup vrfy everybody", "@peer 192.0.2.1", "@shutdown"})
    EXPECT_TRUE(parse_dialog("x", text)->needs_simulation()) << text;
  EXPECT_FALSE(parse_dialog("x", "@server mx  @peer 127.0.0.1\n@queue empty")->needs_simulation());
}

TEST(Runner, NoticesEveryKindOfWrongClaim) {
  for (std::string_view text : {
           "< 221 *",
           "< 220 *\n> HELO a   < 251 *",
           "< 220 *\n< EOF",
           "< 220 *\n> QUIT   < 221 *\n< 250 *",
           "< 220 *\n> EHLO a   < 250*\n<+ 250?XYZ",
           "< 220 *\n> EHLO a   < 250*\n<! *PIPELINING",
           "@mailbox ann@example.org 1",
           "@message ann@example.org 1 *",
           "@queue 1",
           "@event smtp.connection.closed",
           "@nonsense",
       }) {
    auto dialog = parse_dialog("x", text);
    ASSERT_TRUE(dialog) << text;
    EXPECT_FALSE(play(*dialog, 1)) << text;
  }
}

TEST(Runner, OneSeedTwiceGivesTheSameTrace) {
  auto dialog =
      parse_dialog("x",
                   "< 220 *\n> EHLO a   < 250*\n> MAIL FROM:<>   < 250 *\n"
                   "> RCPT TO:<ann@example.org>   < 250 *\n> DATA   < 354 *\n> .\n< 250 *");
  ASSERT_TRUE(dialog);
  auto trace_of = [&](std::uint64_t seed) {
    world::World world(*world_for(*dialog, seed));
    SimStage stage(world, *net::IpAddress::parse("192.0.2.7"));
    Runner runner(*dialog, stage);
    auto client = [&]() -> Task<> { CHECK(co_await runner.run()); };
    world.run(client());
    return world.trace_hash();
  };
  EXPECT_EQ(trace_of(4), trace_of(4));
  EXPECT_NE(trace_of(4), trace_of(5));
}

}  // namespace
}  // namespace posta::dialogs
