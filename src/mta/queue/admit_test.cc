// Admission: one commit, local recipients delivered inside it.
#include "mta/queue/house_test.h"

namespace posta::mta::testing {
namespace {

class Admit : public HouseTest {};

TEST_F(Admit, LocalRecipientsHaveTheLetterWhenItReturns) {
  EXPECT_EQ(words(admit("zoe@example.net", {"ann@example.org", "bob@example.org"})),
            "ann@example.org delivered, bob@example.org delivered");
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_TRUE(inbox("ann@example.org")[0].starts_with(
      "Return-Path: <zoe@example.net>\r\nDelivered-To: ann@example.org\r\nSubject: hello\r\n"));
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
  EXPECT_EQ(owed(), 0u);
  EXPECT_TRUE(listed().empty());
}

TEST_F(Admit, AnAliasReachesAllAndNamesWhatTheSenderNamed) {
  rooms->town.add_alias("staff@example.org", {"ann@example.org", "bob@example.org"});
  EXPECT_TRUE(admit("", {"staff@example.org"}));
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "X-Original-To: staff@example.org\r\n"));
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "Return-Path: <>\r\n"));
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
}

TEST_F(Admit, AnAccountGetsOneCopyHoweverManyRecipientsLeadToIt) {
  rooms->town.add_alias("staff@example.org", {"ann@example.org", "bob@example.org"});
  rooms->town.add_alias("all@example.org", {"staff@example.org", "carl@example.org"});
  EXPECT_TRUE(admit("zoe@example.net", {"ann@example.org", "staff@example.org", "all@example.org",
                                        "ann+box@example.org", "ANN@example.org"}));
  for (const char* who : {"ann@example.org", "bob@example.org", "carl@example.org"})
    EXPECT_EQ(inbox(who).size(), 1u) << who;
  EXPECT_EQ(owed(), 0u);
}

TEST_F(Admit, OneRecipientsTroubleIsNotTheOthers) {
  set_quota("bob@example.org", {.octets = 0, .messages = 1});
  EXPECT_TRUE(admit("zoe@example.net", {"bob@example.org"}));
  EXPECT_EQ(words(admit("zoe@example.net", {"ann@example.org", "bob@example.org"})),
            "ann@example.org delivered, bob@example.org deferred");
  EXPECT_EQ(inbox("ann@example.org").size(), 1u);
  ASSERT_EQ(listed().size(), 1u);
  ASSERT_EQ(listed()[0].owed.size(), 1u);
  const OwedRecipient bob = listed()[0].owed[0];
  EXPECT_EQ(bob.recipient.address.str(), "bob@example.org");
  EXPECT_EQ(bob.attempts, 1u);
  EXPECT_EQ(bob.last_reply.str(), "452 4.2.2 Mailbox full");
}

TEST_F(Admit, ADirectoryThatDoesNotAnswerMakesTheRecipientOwed) {
  rooms->town.add_alias("staff@example.org", {"ann@example.org"});
  // Fails the first, second, ... read, until all of them succeed: the letter is never lost.
  bool met = true;
  std::size_t letters = 0;
  std::size_t were_owed = 0;
  for (std::uint64_t n = 1; met && n < 50; ++n) {
    restart(false);  // nothing is cached
    start_worker();
    Letter letter = letter_of("zoe@example.net", {"staff@example.org", "bob@example.org"});
    options.fatal = [](const Error&) {};
    disk.fail_operation(n);
    auto admitted = await(admit_text(*rooms, letter, "Subject: x\r\n\r\nbody\r\n"));
    met = disk.fault_was_met();
    disk.fail_operation(0);
    if (!admitted) {  // the write itself: nothing of it is there
      restart(true);
      EXPECT_EQ(inbox("bob@example.org").size(), letters);
      continue;
    }
    ++letters;
    were_owed += owed();
    pass(10min);
    EXPECT_EQ(owed(), 0u);
    EXPECT_EQ(inbox("ann@example.org").size(), letters) << n;
    EXPECT_EQ(inbox("bob@example.org").size(), letters) << n;
  }
  EXPECT_GT(were_owed, 0u);
  EXPECT_FALSE(met);
}

TEST_F(Admit, MoreThanTheInlineLimitAreOwedAndSettledByTheWorker) {
  std::vector<std::string> to;
  for (int i = 0; i < 51; ++i) {
    to.push_back("user" + std::to_string(i) + "@example.org");
    add_account(to.back());
  }
  EXPECT_TRUE(admit("zoe@example.net", to));
  EXPECT_EQ(owed(), 1u);
  EXPECT_EQ(listed()[0].owed.size(), 51u);
  EXPECT_TRUE(inbox(to[0]).empty());
  start_worker();
  pass(1s);
  EXPECT_EQ(owed(), 0u);
  EXPECT_TRUE(listed().empty());
  for (const std::string& each : to) EXPECT_EQ(inbox(each).size(), 1u) << each;
}

TEST_F(Admit, ManyRecipientsThatLeadToOneAccountGiveOneCopyThereToo) {
  limits.inline_recipients_max = 1;
  restart(false);
  rooms->town.add_alias("staff@example.org", {"ann@example.org", "bob@example.org"});
  rooms->town.add_alias("crew@example.org", {"bob@example.org", "ann+x@example.org"});
  EXPECT_TRUE(
      admit("zoe@example.net", {"ann@example.org", "staff@example.org", "crew@example.org"}));
  start_worker();
  pass(1s);
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_EQ(inbox("bob@example.org").size(), 1u);
}

TEST_F(Admit, ALoopByDeliveredToIsRefusedForAllAndReportedToNobody) {
  add_account("loop@example.org");  // the message says that it was delivered there before
  EXPECT_EQ(words(admit("ann@example.org", {"loop@example.org", "bob@example.org"})),
            "loop@example.org failed, bob@example.org failed");
  start_worker();
  pass(1s);
  EXPECT_EQ(owed(), 0u);
  for (const char* address : {"loop@example.org", "bob@example.org", "ann@example.org"})
    EXPECT_TRUE(inbox(address).empty()) << address;
}

TEST_F(Admit, IdsGrowAndDoNotRepeatWhateverTheClockDoes) {
  QueueId last;
  auto next = [&] {
    QueueId id = rooms->queue.new_id(executor);
    EXPECT_GT(id, last);
    last = id;
  };
  for (int i = 0; i < 100; ++i) next();
  executor.jump_wall_clock(24h * 365);
  next();
  executor.jump_wall_clock(-24h * 700);
  for (int i = 0; i < 100; ++i) next();
}

TEST_F(Admit, IdsGivenAfterTheClockWasSetBackDoNotComeAgainAfterARestart) {
  set_quota("bob@example.org", {.octets = 0, .messages = 1});
  EXPECT_TRUE(admit("", {"bob@example.org"}));
  executor.jump_wall_clock(24h * 30);
  EXPECT_TRUE(admit("", {"bob@example.org"}));  // owed, with an id of next month
  executor.jump_wall_clock(-24h * 30);
  std::set<QueueId> before;
  for (int i = 0; i < 100; ++i) before.insert(rooms->queue.new_id(executor));
  restart(true);
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(before.contains(rooms->queue.new_id(executor))) << "again";
}

}  // namespace
}  // namespace posta::mta::testing
