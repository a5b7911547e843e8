// The one door: what is refused, and with which words.
#include "mta/intake/intake.h"

#include "mta/queue/house_test.h"

namespace posta::mta::testing {
namespace {

class IntakeTest : public HouseTest {
 protected:
  IntakeTest() { open(); }
  ~IntakeTest() override { intake.reset(); }

  void open() {
    intake = std::make_unique<Intake>(Intake::Deps{.store = *rooms->store,
                                                   .directory = rooms->town.directory,
                                                   .mailboxes = rooms->mailboxes,
                                                   .router = rooms->router,
                                                   .queue = rooms->queue,
                                                   .events = events},
                                      config);
  }
  Origin origin(bool trusted = false) {
    return {.via = Origin::Via::smtp,
            .session = {},
            .peer = "192.0.2.7",
            .helo = "relay.example.net",
            .protocol = "ESMTP",
            .tls = {},
            .authenticated = {},
            .trusted = trusted,
            .received = {}};
  }
  std::string mail(MailArguments arguments) {
    auto mailed = await(intake->mail(origin(), std::move(arguments)));
    transaction = std::move(mailed.transaction);
    EXPECT_EQ(transaction != nullptr, mailed.reply.positive());
    return mailed.reply.str();
  }
  std::string mail() { return mail({.from = directory::address("zoe@example.net"), .size = {}}); }
  std::string rcpt(std::string_view to) {
    return await(transaction->rcpt(directory::address(to), std::string(to))).str();
  }
  // Begins the message, writes it, and ends it.
  std::string message(std::string text, MessageFaults faults = {}) {
    Reply ready = await(transaction->data());
    if (ready.code != 354) return ready.str();
    auto written = await(transaction->write(std::move(text)));
    return await(transaction->finish(faults)).str();
  }
  std::string verify(std::string_view address, bool trusted) {
    return await(intake->verify(origin(trusted), directory::address(address))).str();
  }

  IntakeConfig config{.host = directory::domain_of("mx.example.org"), .limits = {}};
  std::unique_ptr<Intake> intake;
  std::unique_ptr<Transaction> transaction;
};

TEST_F(IntakeTest, AcceptanceIsToldBeforeDelivery) {
  mail();
  rcpt("ann@example.org");
  EXPECT_EQ(message("Subject: x\r\n\r\nx\r\n").substr(0, 3), "250");
  std::vector<std::string> told;
  for (const auto& name : events.order())
    if (name == "intake.letter.accepted" || name.starts_with("queue.")) told.push_back(name);
  EXPECT_EQ(told,
            (std::vector<std::string>{"intake.letter.accepted", "queue.recipient.delivered"}));
}

TEST_F(IntakeTest, ALetterIsInTheMailboxWhenItIsAccepted) {
  EXPECT_EQ(mail(), "250 2.1.0 Sender ok");
  EXPECT_EQ(rcpt("ann@example.org"), "250 2.1.5 Recipient ok");
  std::string reply = message("Subject: hello\r\n\r\nbody\r\n");
  EXPECT_EQ(reply, "250 2.0.0 Ok: queued as " + to_string(transaction->letter().id));
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  const std::string octets = inbox("ann@example.org")[0];
  EXPECT_TRUE(
      octets.starts_with("Return-Path: <zoe@example.net>\r\nDelivered-To: ann@example.org\r\n"
                         "Received: from relay.example.net ([192.0.2.7])\r\n"));
  EXPECT_TRUE(octets.ends_with("\r\nSubject: hello\r\n\r\nbody\r\n"));
  EXPECT_EQ(events.count("intake.letter.accepted"), 1u);
}

TEST_F(IntakeTest, OneTransactionWritesOneLetter) {
  mail();
  rcpt("ann@example.org");
  message("Subject: one\r\n\r\n");
  transaction.reset();  // what is not finished leaves nothing
  mail();
  rcpt("ann@example.org");
  EXPECT_EQ(await(transaction->data()).code, 354);
  EXPECT_TRUE(await(transaction->write("Subject: two\r\n")));
  transaction.reset();
  EXPECT_EQ(inbox("ann@example.org").size(), 1u);
}

TEST_F(IntakeTest, ForeignAddressesAreNotForStrangers) {
  mail();
  EXPECT_EQ(rcpt("x@example.net"), "550 5.7.1 Relaying denied");
  EXPECT_EQ(events.count("intake.recipient.refused"), 1u);
  auto mailed = await(intake->mail(origin(true), {.from = {}, .size = {}}));
  // Trusted is no licence to relay.
  EXPECT_EQ(await(mailed.transaction->rcpt(directory::address("x@example.net"), "")).code, 550);
}

TEST_F(IntakeTest, UnknownAndDisabledAreRefusedAtOnce) {
  rooms->town.set_enabled(id_of("bob@example.org"), false);
  mail();
  EXPECT_EQ(rcpt("nobody@example.org"), "550 5.1.1 No such user here");
  EXPECT_EQ(rcpt("bob@example.org"), "550 5.2.1 This mailbox is disabled");
  EXPECT_EQ(rcpt("ann+x@example.org"), "250 2.1.5 Recipient ok");
  EXPECT_EQ(transaction->recipients(), 1u);
}

TEST_F(IntakeTest, PostmasterAndAbuseAreAlwaysThere) {
  mail();
  EXPECT_EQ(rcpt("postmaster@example.org"), "250 2.1.5 Recipient ok");
  EXPECT_EQ(rcpt("abuse@example.org"), "250 2.1.5 Recipient ok");
  EXPECT_EQ(rcpt("Postmaster"), "250 2.1.5 Recipient ok");
  // However full, and however long: RFC 5321 §4.5.1.
  set_quota("ann@example.org", {.octets = 0, .messages = 1});
  EXPECT_TRUE(message("Subject: one\r\n\r\n").starts_with("250"));
  mail();
  EXPECT_EQ(rcpt("ann@example.org"), "452 4.2.2 Mailbox full");
  pass(24h * 5);
  EXPECT_EQ(rcpt("Postmaster"), "250 2.1.5 Recipient ok");
  EXPECT_EQ(rcpt("abuse@example.org"), "250 2.1.5 Recipient ok");
  EXPECT_TRUE(message("Subject: two\r\n\r\n").starts_with("250"));
  EXPECT_EQ(owed(), 0u);
  EXPECT_EQ(inbox("ann@example.org").size(), 2u);
}

TEST_F(IntakeTest, ABareLocalPartIsOfTheDefaultDomain) {
  mail({.from = directory::address("carl"), .size = {}});
  EXPECT_EQ(transaction->letter().envelope.from->str(), "carl@example.org");
  rcpt("ann");
  rcpt("Postmaster");
  const auto& recipients = transaction->letter().envelope.recipients;
  ASSERT_EQ(recipients.size(), 2u);
  EXPECT_EQ(recipients[0].address.str(), "ann@example.org");
  EXPECT_EQ(recipients[0].original, "ann");
  EXPECT_EQ(recipients[1].address.str(), "Postmaster@example.org");
}

TEST_F(IntakeTest, WhereAnAliasLeadsIsToldIfWanted) {
  rooms->town.add_alias("gone@example.org", {"x@example.net"});
  rooms->town.add_alias("both@example.org", {"x@example.net", "ann@example.org"});
  mail();
  EXPECT_EQ(rcpt("gone@example.org"), "250 2.1.5 Recipient ok");
  config.announce_forward = true;
  intake->configure(config);
  EXPECT_EQ(rcpt("gone@example.org"), "251 2.1.5 User not local; will forward to <x@example.net>");
  EXPECT_EQ(rcpt("both@example.org"), "250 2.1.5 Recipient ok");
  EXPECT_EQ(transaction->recipients(), 2u);
}

TEST_F(IntakeTest, UnknownRecipientsArePutOffIfWanted) {
  config.defer_unknown = true;
  intake->configure(config);
  mail();
  EXPECT_EQ(rcpt("nobody@example.org"), "450 4.1.1 No such user here");
  rooms->town.set_enabled(id_of("bob@example.org"), false);
  EXPECT_EQ(rcpt("bob@example.org"), "550 5.2.1 This mailbox is disabled");
}

TEST_F(IntakeTest, APartOfAnAliasThatLeadsNowhereIsReported) {
  rooms->town.add_alias("team@example.org", {"ann@example.org", "nobody@example.org"});
  mail({.from = directory::address("carl@example.org"), .size = {}});
  EXPECT_EQ(rcpt("team@example.org"), "250 2.1.5 Recipient ok");
  EXPECT_TRUE(message("Subject: to all\r\n\r\n").starts_with("250"));
  EXPECT_EQ(inbox("ann@example.org").size(), 1u);
  start_worker();
  pass(10s);
  EXPECT_EQ(owed(), 0u);
  ASSERT_EQ(inbox("carl@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("carl@example.org")[0], "nobody@example.org"));
  EXPECT_TRUE(contains(inbox("carl@example.org")[0], "550 5.1.1 No such user here"));
}

TEST_F(IntakeTest, WhoWasSwitchedOffMeanwhileSendsNoMore) {
  Origin bob = origin();
  bob.via = Origin::Via::submission;
  bob.authenticated = id_of("bob@example.org");
  MailArguments arguments{.from = directory::address("bob@example.org"), .size = {}};
  EXPECT_EQ(await(intake->mail(bob, arguments)).reply.code, 250);
  rooms->town.set_enabled(bob.authenticated, false);
  EXPECT_EQ(await(intake->mail(bob, arguments)).reply.str(), "550 5.7.1 This account is disabled");
}

TEST_F(IntakeTest, AnAddressBeyondAsciiNeedsItsParameter) {
  EXPECT_EQ(mail({.from = directory::address("j\xC3\xB6rg@example.net"), .size = {}}),
            "553 5.6.7 This address needs SMTPUTF8");
  EXPECT_EQ(events.count("intake.sender.refused"), 1u);
  mail();
  EXPECT_EQ(rcpt("j\xC3\xB6rg@example.org"), "553 5.6.7 This address needs SMTPUTF8");
  add_account("j\xC3\xB6rg@example.org");
  EXPECT_EQ(mail({.from = directory::address("j\xC3\xB6rg@example.net"),
                  .size = {},
                  .eight_bit = false,
                  .smtputf8 = true}),
            "250 2.1.0 Sender ok");
  EXPECT_EQ(rcpt("j\xC3\xB6rg@example.org"), "250 2.1.5 Recipient ok");
}

TEST_F(IntakeTest, RecipientsAreCountedAndARepeatedOneCountsOnce) {
  config.limits.recipients_max = 2;
  open();
  mail();
  rcpt("ann@example.org");
  EXPECT_EQ(rcpt("ANN@example.org"), "250 2.1.5 Recipient ok");
  rcpt("bob@example.org");
  EXPECT_EQ(rcpt("carl@example.org"), "452 4.5.3 Too many recipients");
}

TEST_F(IntakeTest, ASizeAboveTheLimitIsRefusedWhereverItShows) {
  config.limits.message_octets_max = 100;
  open();
  EXPECT_EQ(mail({.from = {}, .size = 101}), "552 5.3.4 Message too big");
  EXPECT_EQ(mail({.from = {}, .size = 100}), "250 2.1.0 Sender ok");
  rcpt("ann@example.org");
  EXPECT_EQ(message(std::string(101, 'x')), "552 5.3.4 Message too big");
  EXPECT_EQ(message("x", {.too_big = true}), "552 5.3.4 Message too big");
  EXPECT_TRUE(inbox("ann@example.org").empty());
  EXPECT_TRUE(message(std::string(98, 'x') + "\r\n").starts_with("250"));
}

TEST_F(IntakeTest, FaultsOfTheMessageAreSaidAtItsEnd) {
  mail();
  rcpt("ann@example.org");
  EXPECT_EQ(message("a\nb", {.bare_line_ends = true}),
            "550 5.6.0 Message has a bare CR or LF; lines end in CR LF");
  EXPECT_EQ(message("a", {.aborted = true}), "554 5.5.0 Message incomplete");
  EXPECT_TRUE(inbox("ann@example.org").empty());
  EXPECT_EQ(events.count("intake.letter.refused"), 2u);
}

TEST_F(IntakeTest, TooManyReceivedFieldsAreALoop) {
  // RFC 5321 §6.3: "a large rejection threshold, normally at least 100 Received entries".
  std::string received = "Received: by a.example; Thu, 1 Jan 2026 00:00:00 +0000\r\n";
  std::string header;
  for (int i = 0; i < 100; ++i) header += received;
  mail();
  rcpt("ann@example.org");
  EXPECT_TRUE(message(header + "\r\nbody\r\n").starts_with("250"));
  EXPECT_EQ(message(header + received + "\r\nbody\r\n"),
            "554 5.4.6 Too many hops: this message is in a loop");
}

TEST_F(IntakeTest, ALoopThroughUsIsSeenInDeliveredToAndRefused) {
  const std::string text = "X: 1\r\ndelivered-to:  ANN@example.org\r\n\r\nDelivered-To: bob\r\n";
  mail({.from = directory::address("carl@example.org"), .size = {}});
  rcpt("ann@example.org");
  // Who has forged the sender makes us write to nobody.
  EXPECT_EQ(message(text), "554 5.4.6 Mail forwarding loop for ann@example.org");
  EXPECT_EQ(events.count("intake.letter.accepted"), 0u);
  EXPECT_EQ(owed(), 0u);
  rcpt("bob@example.org");
  EXPECT_EQ(message(text), "554 5.4.6 Mail forwarding loop for ann@example.org");
  start_worker();
  pass(10s);
  for (const char* address : {"ann@example.org", "bob@example.org", "carl@example.org"})
    EXPECT_TRUE(inbox(address).empty()) << address;
}

TEST_F(IntakeTest, LittleDiskIsSaidEarlyAndLate) {
  disk.set_free(1_MiB);
  EXPECT_EQ(mail(), "452 4.3.1 Insufficient system storage");
  disk.set_free(1ull << 40);
  mail();
  rcpt("ann@example.org");
  disk.set_free(1_MiB);
  EXPECT_EQ(message("x"), "452 4.3.1 Insufficient system storage");
  disk.set_free(1ull << 40);
  EXPECT_EQ(await(transaction->data()).code, 354);
  EXPECT_TRUE(await(transaction->write("Subject: x\r\n\r\n")));
  disk.set_free(1_MiB);
  EXPECT_EQ(await(transaction->finish({})).str(), "452 4.3.1 Insufficient system storage");
  disk.set_free(1ull << 40);
  EXPECT_TRUE(inbox("ann@example.org").empty());
}

TEST_F(IntakeTest, LargeStructuresShareOneBudget) {
  config.limits.digests_octets_max = 1_MiB;  // two of these, and no third
  open();
  std::string large;
  for (int i = 0; i < 2500; ++i) large += "X-Line: " + std::string(90, 'x') + "\r\n";
  auto begin = [&](const std::string& text) {
    mail();
    rcpt("ann@example.org");
    EXPECT_EQ(await(transaction->data()).code, 354);
    (void)await(transaction->write(text));
    return std::move(transaction);
  };
  auto end = [&](std::unique_ptr<Transaction>& which) {
    std::string said = await(which->finish({})).str();
    which.reset();
    return said;
  };
  auto first = begin(large), second = begin(large), third = begin(large);
  auto ordinary = begin("Subject: x\r\n\r\nx\r\n");
  EXPECT_EQ(end(third), "451 4.3.0 Local error, try again later");
  EXPECT_TRUE(end(ordinary).starts_with("250"));
  EXPECT_TRUE(end(first).starts_with("250"));
  third = begin(large);  // what the first had is there again
  EXPECT_TRUE(end(third).starts_with("250"));
  EXPECT_TRUE(end(second).starts_with("250"));
  EXPECT_EQ(inbox("ann@example.org").size(), 4u);
}

TEST_F(IntakeTest, AFullMailboxIsRefusedForNowAndAfterTheGraceForGood) {
  set_quota("ann@example.org", {.octets = 0, .messages = 1});
  mail();
  rcpt("ann@example.org");
  message("Subject: it fits\r\n\r\n");
  mail();
  EXPECT_EQ(rcpt("ann@example.org"), "452 4.2.2 Mailbox full");
  for (int day = 0; day < 3; ++day) {
    pass(20h);
    EXPECT_EQ(rcpt("ann@example.org"), "452 4.2.2 Mailbox full") << day;
  }
  pass(20h);
  EXPECT_EQ(rcpt("ann@example.org"), "550 5.2.2 Mailbox has been full for days");
  empty_inbox("ann@example.org");
  EXPECT_EQ(rcpt("ann@example.org"), "250 2.1.5 Recipient ok");
}

TEST_F(IntakeTest, FullOnceInAWhileIsNotFullForDays) {
  set_quota("ann@example.org", {.octets = 0, .messages = 1});
  mail();
  rcpt("ann@example.org");
  message("Subject: it fits\r\n\r\n");
  mail();
  for (int week = 0; week < 4; ++week) {
    EXPECT_EQ(rcpt("ann@example.org"), "452 4.2.2 Mailbox full") << week;
    pass(24h * 7);
  }
}

TEST_F(IntakeTest, RoomInBetweenBeginsTheDaysAnew) {
  set_quota("ann@example.org", {.octets = 0, .messages = 1});
  mail();
  for (int night = 0; night < 8; ++night) {
    EXPECT_EQ(rcpt("ann@example.org"), "250 2.1.5 Recipient ok") << night;
    admit("", {"ann@example.org"});
    pass(6h);
    EXPECT_EQ(rcpt("ann@example.org"), "452 4.2.2 Mailbox full") << night;
    empty_inbox("ann@example.org");
    pass(6h);
  }
}

TEST_F(IntakeTest, TheLastLetterMayCrossTheQuota) {
  set_quota("ann@example.org", {.octets = 100, .messages = 0});
  mail();
  EXPECT_EQ(rcpt("ann@example.org"), "250 2.1.5 Recipient ok");
  EXPECT_TRUE(message("Subject: big\r\n\r\n" + std::string(5000, 'x') + "\r\n").starts_with("250"));
  EXPECT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_EQ(owed(), 0u);
  mail();
  EXPECT_EQ(rcpt("ann@example.org"), "452 4.2.2 Mailbox full");
}

TEST_F(IntakeTest, AnAliasWithRoomSomewhereIsTaken) {
  rooms->town.add_alias("staff@example.org", {"ann@example.org", "bob@example.org"});
  set_quota("ann@example.org", {.octets = 0, .messages = 1});
  admit("", {"ann@example.org"});
  mail();
  EXPECT_EQ(rcpt("staff@example.org"), "250 2.1.5 Recipient ok");
  set_quota("bob@example.org", {.octets = 0, .messages = 1});
  admit("", {"bob@example.org"});
  EXPECT_EQ(rcpt("staff@example.org"), "452 4.2.2 Mailbox full");
}

TEST_F(IntakeTest, ADirectoryThatDoesNotAnswerIsForLater) {
  intake.reset();
  restart(false);
  open();
  mail();
  disk.fail_operation(2);  // the first read is the snapshot's version
  EXPECT_EQ(rcpt("ann@example.org"), "451 4.3.0 Cannot look up this address now");
  EXPECT_EQ(rcpt("ann@example.org"), "250 2.1.5 Recipient ok");
}

TEST_F(IntakeTest, VrfyTellsTheTrustedOnly) {
  // RFC 5321 §3.5.3, §7.3.
  EXPECT_EQ(verify("ann@example.org", true), "250 2.1.5 <ann@example.org>");
  EXPECT_EQ(verify("nobody@example.org", true), "550 5.1.1 No such user here");
  for (std::string_view address : {"ann@example.org", "nobody@example.org", "x@example.net"})
    EXPECT_EQ(verify(address, false), "252 2.5.0 Cannot VRFY user, but will take a message for it");
}

TEST_F(IntakeTest, ALetterForWhomAllIsFullMeanwhileIsOwed) {
  set_quota("ann@example.org", {.octets = 0, .messages = 1});
  mail({.from = directory::address("bob@example.org"), .size = {}});
  EXPECT_EQ(rcpt("ann@example.org"), "250 2.1.5 Recipient ok");
  EXPECT_TRUE(admit("", {"ann@example.org"}));  // somebody was faster
  EXPECT_TRUE(message("Subject: late\r\n\r\n").starts_with("250"));
  EXPECT_EQ(owed(), 1u);
  empty_inbox("ann@example.org");
  start_worker();
  pass(10min);
  EXPECT_EQ(owed(), 0u);
  ASSERT_EQ(inbox("ann@example.org").size(), 1u);
  EXPECT_TRUE(contains(inbox("ann@example.org")[0], "Subject: late"));
}

}  // namespace
}  // namespace posta::mta::testing
