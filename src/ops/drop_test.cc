// Letters handed in as files: their form, and that each is taken once.
#include "ops/drop.h"

#include "directory/testing.h"
#include "mta/queue/house_test.h"
#include "mta/queue/taken.h"

namespace posta::ops {
namespace {

using namespace std::chrono_literals;
using directory::address;
using mta::testing::HouseTest;

constexpr std::string_view kId = "0123456789abcdef0123456789abcdef";

std::string file(std::string_view from, std::initializer_list<std::string_view> to,
                 std::string_view message = "Subject: hi\n\nhello\n") {
  std::string out = "posta-drop 1\nfrom <" + std::string(from) + ">\n";
  for (auto one : to) out += "to <" + std::string(one) + ">\n";
  return out + "\n" + std::string(message);
}

TEST(Drop, ReadsBack) {
  std::string text = file("ann@example.org", {"bob@example.net", "carl"});
  auto letter = parse_drop(text);
  ASSERT_TRUE(letter) << letter.error().what;
  EXPECT_EQ(letter->from->str(), "ann@example.org");
  ASSERT_EQ(letter->to.size(), 2u);
  EXPECT_TRUE(letter->to[1].domain.empty());
  EXPECT_EQ(letter->message, "Subject: hi\n\nhello\n");
  EXPECT_EQ(print_drop(*letter), text);
  EXPECT_FALSE(parse_drop(file("", {"bob"}))->from) << "no sender is a sender too";
}

TEST(Drop, WhatIsNotItIsRefusedWithTheReason) {
  std::string many = "posta-drop 1\nfrom <>\n";
  for (std::size_t i = 0; i <= kDropRecipientsMax; ++i) many += "to <ann>\n";
  struct Case {
    std::string text;
    std::string_view says;
  };
  const Case cases[] = {
      {"", "empty line"},
      {"posta-drop 2\n\n", "does not begin"},
      {"posta-drop 1\n\n", "no line with its sender"},
      {"posta-drop 1\nfrom <>\n\n", "no recipient"},
      {"posta-drop 1\nfrom <>\nto <>\n\n", "is empty"},
      {"posta-drop 1\nfrom <>\nfrom <>\nto <a>\n\n", "two senders"},
      {"posta-drop 1\nfrom <a b@c>\nto <a>\n\n", "not an address"},
      {"posta-drop 1\nfrom a@example.org\nto <a>\n\n", "between < and >"},
      {"posta-drop 1\nfrom <>\nto <a>\ncc <b>\n\n", "unknown line: cc"},
      {many + "\n", "more than 1000"},
      {"posta-drop 1\nfrom <>\n" + std::string(kDropHeadOctetsMax + 10, 'x'), "empty line"},
  };
  for (const auto& c : cases) {
    auto letter = parse_drop(c.text);
    ASSERT_FALSE(letter) << c.says;
    EXPECT_NE(letter.error().what.find(c.says), std::string::npos) << letter.error().what;
  }
}

TEST(Drop, AMessageIsCompletedAndItsLinesEndInCrLf) {
  auto whole = [](std::string_view text) {
    return complete_message(text, address("ann@example.org"), WallTime{}, "id@mx.example.org");
  };
  EXPECT_EQ(
      whole("Subject: a\nFrom: b@example.org\nDate: x\nMessage-Id: <1>\n\nx\ry\r\nz"),
      "Subject: a\r\nFrom: b@example.org\r\nDate: x\r\nMessage-Id: <1>\r\n\r\nx\r\ny\r\nz\r\n");
  EXPECT_EQ(whole("Subject: a\n\nx\n"),
            "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nMessage-ID: <id@mx.example.org>\r\n"
            "From: ann@example.org\r\nSubject: a\r\n\r\nx\r\n");
  EXPECT_TRUE(whole("just words, no header\n").ends_with("\r\n\r\njust words, no header\r\n"));
  EXPECT_TRUE(whole("").ends_with("From: ann@example.org\r\n"));
}

class DropDoorTest : public HouseTest {
 protected:
  DropDoorTest() { open(); }
  ~DropDoorTest() override { intake.reset(); }
  void open() {
    intake = std::make_unique<mta::Intake>(
        mta::Intake::Deps{.store = *rooms->store,
                          .directory = rooms->town.directory,
                          .mailboxes = rooms->mailboxes,
                          .router = rooms->router,
                          .queue = rooms->queue,
                          .events = events},
        mta::IntakeConfig{.host = directory::domain_of("mx.example.org"), .limits = {}});
  }
  Handed take(std::string text, std::string id = std::string(kId)) {
    DropDoor door({*intake, rooms->town.directory, events});
    return await(door.take(std::move(id), std::move(text)));
  }
  std::unique_ptr<mta::Intake> intake;
};

TEST_F(DropDoorTest, ALetterIsTakenOnceWhateverHappensToItsFile) {
  std::string text = file("ann@example.org", {"bob@example.org"});
  Handed first = take(text);
  EXPECT_EQ(first.what, Handed::What::taken) << first.why;
  EXPECT_EQ(first.why, "");
  EXPECT_EQ(events.count("drop.letter.taken"), 1u);
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
  // The file was not removed before the crash; the same file comes again.
  for (int i = 0; i < 3; ++i) {
    intake.reset();
    restart(/*crash=*/true);
    open();
    EXPECT_EQ(take(text).what, Handed::What::taken);
  }
  EXPECT_EQ(inbox("bob@example.org").size(), 1u) << "not twice";
  EXPECT_EQ(events.count("drop.letter.taken"), 1u);
  EXPECT_EQ(take(text, "ffffffffffffffffffffffffffffffff").what, Handed::What::taken);
  EXPECT_EQ(inbox("bob@example.org").size(), 2u) << "another handing in is another letter";
}

TEST_F(DropDoorTest, ReceiptsAreForgottenWhenTheirFilesAreGone) {
  ASSERT_EQ(take(file("ann@example.org", {"bob@example.org"})).what, Handed::What::taken);
  WallTime later = executor.wall() + 8 * 24h;
  EXPECT_EQ(*await(mta::forget_taken(*rooms->store, WallTime{}, {})), 0u);
  EXPECT_EQ(*await(mta::forget_taken(*rooms->store, later, {std::string(kId)})), 0u);
  EXPECT_EQ(*await(mta::forget_taken(*rooms->store, later, {})), 1u);
  EXPECT_EQ(*await(mta::forget_taken(*rooms->store, later, {})), 0u);
}

TEST_F(DropDoorTest, RecipientsAreJudgedAsEverywhere) {
  Handed some = take(file("ann@example.org", {"bob@example.org", "nobody@example.org"}));
  EXPECT_EQ(some.what, Handed::What::taken);
  EXPECT_NE(some.why.find("nobody@example.org: 550 5.1.1"), std::string::npos) << some.why;
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
  Handed none = take(file("ann@example.org", {"nobody@example.org"}), std::string(32, 'a'));
  EXPECT_EQ(none.what, Handed::What::refused);
  // Who is no account here is a stranger: no relaying.
  Handed stranger = take(file("eve@example.net", {"x@example.com"}), std::string(32, 'b'));
  EXPECT_EQ(stranger.what, Handed::What::refused);
  EXPECT_NE(stranger.why.find("550 5.7.1"), std::string::npos) << stranger.why;
  EXPECT_EQ(take("rubbish", std::string(32, 'c')).what, Handed::What::refused);
}

TEST_F(DropDoorTest, BareNamesMeanTheDefaultDomain) {
  Handed handed = take(file("ann", {"bob"}));
  EXPECT_EQ(handed.what, Handed::What::taken) << handed.why;
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
}

TEST_F(DropDoorTest, ADiskThatIsShortMakesItWait) {
  disk.set_free(0);
  Handed handed = take(file("ann@example.org", {"bob@example.org"}));
  EXPECT_EQ(handed.what, Handed::What::later);
  EXPECT_NE(handed.why.find("452 4.3.1"), std::string::npos) << handed.why;
  disk.set_free(10_GiB);
  EXPECT_EQ(take(file("ann@example.org", {"bob@example.org"})).what, Handed::What::taken);
}

}  // namespace
}  // namespace posta::ops
