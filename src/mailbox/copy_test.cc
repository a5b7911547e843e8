// COPY and MOVE, and what becomes of e-mails that are in several places.
#include "mailbox/test_world.h"

namespace posta::mailbox {
namespace {

using namespace posta::mailbox::testing;
using namespace std::chrono_literals;

constexpr MailboxId kSent{3};
constexpr MailboxId kTrash{5};

class CopyTest : public MailboxCase {
 protected:
  using Said = std::pair<CopyCode, Copied>;
  Said copy(MailboxId from, std::vector<Uid> which, MailboxId to, Use quota = {},
            Gone gone = Gone::passed_over) {
    return run_ok(executor(),
                  boxes().copy(kAnn, from, std::move(which), to, quota, gone, executor().wall()));
  }
  Said move(MailboxId from, std::vector<Uid> which, MailboxId to, Gone gone = Gone::passed_over) {
    return run_ok(executor(),
                  boxes().move(kAnn, from, std::move(which), to, gone, executor().wall()));
  }
  std::vector<Uid> all(MailboxId id) {
    std::vector<Uid> uids;
    for (const auto& state : states_of(*open(id))) uids.push_back(state.uid);
    return uids;
  }
  std::vector<Uid> expunge_in(MailboxId id, std::vector<Uid> which) {
    return run_ok(executor(), boxes().expunge(kAnn, id, std::move(which), executor().wall()));
  }
  std::uint64_t sweep() {
    auto swept = run_ok(executor(), boxes().sweep_expunged(kAnn, executor().wall() + 1h));
    run_ok(executor(), store().sweep_bodies());
    return swept;
  }
  bool there(EmailId id) { return run_ok(executor(), boxes().email(kAnn, id)).has_value(); }
  std::size_t retained() {
    return run_ok(executor(), boxes().expunged(kAnn, WallTime{}, 1'000'000)).size();
  }
  void store(std::vector<Uid> which, std::vector<std::string> keywords) {
    FlagsWanted wanted;
    wanted.uids = std::move(which);
    wanted.keywords = std::move(keywords);
    auto stored = run_ok(executor(), boxes().store(kAnn, kInbox, std::move(wanted)));
    EXPECT_EQ(stored.code, FlagsStored::Code::ok);
  }
  store::Store& store() { return MailboxCase::store(); }
};

TEST_F(CopyTest, ACopyHasItsOwnFlagsAndSharesTheRest) {
  deliver_many(3);
  flag(uids({2}), Mode::add, {Flags::seen | Flags::flagged, 0});
  auto before = open();
  auto [code, copied] = copy(kInbox, uids({2, 3, 99}), kSent);
  EXPECT_EQ(code, CopyCode::ok);
  EXPECT_EQ(copied.from, uids({2, 3}));
  EXPECT_EQ(copied.to, uids({1, 2}));
  EXPECT_EQ(copied.uid_validity, open(kSent)->record().uid_validity);
  EXPECT_EQ(open()->record().mod_seq, before->record().mod_seq) << "the source does not change";
  auto sent = open(kSent);
  ASSERT_EQ(sent->count(), 2u);
  EXPECT_EQ(sent->at(1).email, before->at(2).email);
  EXPECT_EQ(sent->at(1).flags, before->at(2).flags);
  EXPECT_EQ(sent->at(1).internal_date, before->at(2).internal_date);
  EXPECT_GT(sent->at(1).mod_seq, before->record().mod_seq);
  EXPECT_EQ(sent->record().unseen, 1u);
  EXPECT_EQ(use().messages, 5u) << "the quota counts rows";
  flag(uids({2}), Mode::remove, {Flags::seen, 0});
  EXPECT_TRUE(open(kSent)->at(1).flags.has(Flags::seen));
  clean();
}

TEST_F(CopyTest, AnEmailLivesUntilItsLastPlaceIsSwept) {
  deliver_many(2);
  EmailId shared = open()->at(1).email;
  EmailId other = open()->at(2).email;
  copy(kInbox, uids({1}), kSent);
  copy(kSent, uids({1}), kTrash);
  copy(kTrash, uids({1}), kTrash);  // into the mailbox itself
  clean();
  EXPECT_EQ(expunge(uids({1, 2})), uids({1, 2}));
  clean();
  EXPECT_EQ(sweep(), 2u);
  EXPECT_TRUE(there(shared));
  EXPECT_FALSE(there(other));
  clean();
  expunge_in(kSent, uids({1}));
  expunge_in(kTrash, uids({1, 2}));
  EXPECT_TRUE(there(shared));
  EXPECT_EQ(retained(), 3u);
  Email mail = email(shared);
  EXPECT_EQ(sweep(), 3u) << "three places of one e-mail in one piece";
  EXPECT_FALSE(there(shared));
  auto read = run(executor(), boxes().read(mail, 0, 8));
  EXPECT_TRUE(!read && read.error().is(Error::Kind::not_found)) << "its body goes with it";
  EXPECT_EQ(use().messages, 0u);
  clean();
}

TEST_F(CopyTest, AMoveTakesTheRowAwayAndRetainsNothing) {
  deliver_many(300);
  flag(uids({7}), Mode::add, {Flags::seen | Flags::deleted, 0});
  auto before = open();
  ModSeq since = before->record().mod_seq;
  auto [code, copied] = move(kInbox, uids({7, 300}), kTrash);
  EXPECT_EQ(code, CopyCode::ok);
  EXPECT_EQ(copied.from, uids({7, 300}));
  EXPECT_EQ(copied.to, uids({1, 2}));
  EXPECT_EQ(open()->count(), 298u);
  EXPECT_EQ(open(kTrash)->at(1).email, before->at(7).email);
  EXPECT_EQ(open(kTrash)->at(1).flags, before->at(7).flags);
  EXPECT_EQ(open(kTrash)->at(1).internal_date, before->at(7).internal_date);
  EXPECT_EQ(retained(), 0u) << "a moved message is not deleted";
  EXPECT_EQ(run_ok(executor(), boxes().gone_since(kAnn, kInbox, since)), uids({7, 300}));
  EXPECT_EQ(use().messages, 300u);
  clean();
  EXPECT_EQ(sweep(), 0u);
  move(kInbox, all(kInbox), kTrash);
  EXPECT_EQ(open(kTrash)->count(), 300u);
  EXPECT_EQ(open()->count(), 0u);
  clean();
  EXPECT_EQ(expunge_in(kTrash, all(kTrash)).size(), 300u);
  EXPECT_EQ(sweep(), 300u);
  clean();
}

TEST_F(CopyTest, AMoveWithinAMailboxGivesNewUids) {
  deliver_many(3);
  auto [code, copied] = move(kInbox, uids({1, 3}), kInbox);
  EXPECT_EQ(code, CopyCode::ok);
  EXPECT_EQ(copied.to, uids({4, 5}));
  EXPECT_EQ(all(kInbox), uids({2, 4, 5}));
  auto status = run_ok(executor(), boxes().status(kAnn, kInbox));
  EXPECT_EQ(status->first_unseen, 1u);
  clean();
}

TEST_F(CopyTest, MuchAtOnceFillsWholePages) {
  deliver_many(700);
  copy(kInbox, uids({5}), kSent);
  auto [code, copied] = copy(kInbox, all(kInbox), kSent);
  EXPECT_EQ(copied.to.size(), 700u);
  EXPECT_EQ(copied.to.front(), Uid(2));
  EXPECT_EQ(copied.to.back(), Uid(701));
  clean();
  auto sent = open(kSent);
  auto afresh = run_ok(executor(), read_view(store().snapshot(), kAnn, kSent));
  EXPECT_EQ(text_of(*sent), text_of(*afresh));
  for (std::uint32_t n = 2; n <= 701; ++n) EXPECT_EQ(sent->at(n).email, open()->at(n - 1).email);
  move(kSent, all(kSent), kTrash);
  EXPECT_EQ(open(kTrash)->count(), 701u);
  clean();
}

TEST_F(CopyTest, AllOrNothing) {
  deliver_many(4);
  ModSeq before = open(kSent)->record().mod_seq;
  EXPECT_EQ(copy(MailboxId(99), uids({1}), kSent).first, CopyCode::no_source);
  EXPECT_EQ(copy(kInbox, uids({1}), MailboxId(99)).first, CopyCode::no_target);
  EXPECT_EQ(copy(kInbox, uids({77}), MailboxId(99)).first, CopyCode::no_target);
  EXPECT_EQ(move(kInbox, uids({1}), MailboxId(99)).first, CopyCode::no_target);
  Octets each = open()->at(1).size;
  EXPECT_EQ(copy(kInbox, uids({1, 2}), kSent, {.octets = 0, .messages = 5}).first,
            CopyCode::over_quota);
  EXPECT_EQ(copy(kInbox, uids({1, 2}), kSent, {.octets = each * 6 - 1, .messages = 0}).first,
            CopyCode::over_quota);
  EXPECT_EQ(open(kSent)->record().mod_seq, before);
  EXPECT_EQ(open(kSent)->count(), 0u);
  EXPECT_EQ(copy(kInbox, uids({1, 2}), kSent, {.octets = each * 6, .messages = 6}).first,
            CopyCode::ok);
  auto [code, copied] = copy(kInbox, uids({77}), kSent);
  EXPECT_EQ(code, CopyCode::ok) << "uids that are gone are passed over";
  EXPECT_EQ(copied.uid_validity, open(kSent)->record().uid_validity);
  EXPECT_TRUE(copied.from.empty() && copied.to.empty());
  EXPECT_EQ(copy(kInbox, uids({1, 77}), kSent, {}, Gone::refused).first, CopyCode::missing);
  EXPECT_EQ(move(kInbox, uids({1, 77}), kSent, Gone::refused).first, CopyCode::missing);
  EXPECT_EQ(open(kSent)->count(), 2u) << "those that are there were not copied either";
  EXPECT_EQ(open()->count(), 4u);
  clean();
}

TEST_F(CopyTest, KeywordsKeepTheirNames) {
  deliver_many(2);
  store(uids({1}), {"one", "two"});
  store(uids({2}), {"three"});
  Arrival arrival;
  arrival.mailbox = kSent;
  arrival.keywords = {"x", "TWO"};
  append(arrival, "x");
  copy(kInbox, uids({1}), kSent);
  auto sent = open(kSent);
  EXPECT_EQ(sent->record().keywords, (std::vector<std::string>{"x", "TWO", "one"}));
  EXPECT_EQ(sent->at(2).flags.keywords, 6u);
  // Where there is no number left for a keyword, it is dropped: mail can always be moved away.
  for (int i = 0; i < 61; ++i) arrival.keywords.push_back("k" + std::to_string(i));
  append(arrival, "x");
  EXPECT_EQ(copy(kInbox, uids({1, 2}), kSent).first, CopyCode::ok);
  EXPECT_EQ(open(kSent)->at(4).flags.keywords, 6u);
  EXPECT_EQ(open(kSent)->at(5).flags.keywords, 0u) << "'three' has no number there";
  EXPECT_EQ(move(kInbox, uids({2}), kSent).first, CopyCode::ok);
  EXPECT_EQ(open(kSent)->at(6).flags.keywords, 0u);
  EXPECT_EQ(open()->count(), 1u);
  clean();
}

TEST_F(CopyTest, WhatIsGoneIsRememberedUntilItIsTrimmed) {
  Limits limits;
  limits.gone_records_max = 5;
  World world(3, limits);
  auto& e = world.executor;
  run_ok(e, create_account(world.store(), *world.mailboxes, kAnn, e.wall()));
  for (int i = 0; i < 20; ++i)
    run_ok(e, append_text(world.store(), *world.mailboxes, kAnn, {}, "x"));
  std::vector<ModSeq> at;
  for (std::uint32_t uid = 1; uid <= 12; ++uid) {
    run_ok(e, world.mailboxes->expunge(kAnn, kInbox, uids({uid}), e.wall()));
    at.push_back(run_ok(e, world.mailboxes->open(kAnn, kInbox))->record().mod_seq);
  }
  auto gone = [&](ModSeq since) {
    return run_ok(e, world.mailboxes->gone_since(kAnn, kInbox, since));
  };
  EXPECT_EQ(gone(ModSeq(0))->size(), 12u);
  EXPECT_EQ(gone(at[8]), uids({10, 11, 12}));
  EXPECT_EQ(gone(at[11]), uids({}));
  run_ok(e, world.mailboxes->sweep_expunged(kAnn, e.wall() - 1h));
  EXPECT_EQ(gone(ModSeq(0)), std::nullopt);
  EXPECT_EQ(gone(at[5]), std::nullopt);
  EXPECT_EQ(gone(at[6]), uids({8, 9, 10, 11, 12}));
  EXPECT_EQ(run_ok(e, check_account(world.store().snapshot(), kAnn)), std::vector<std::string>{});
  EXPECT_EQ(run_ok(e, world.mailboxes->gone_since(kAnn, MailboxId(99), ModSeq(0))), std::nullopt);
}

// --- bringing back

TEST_F(CopyTest, ExpungedMessagesComeBackWithNewUids) {
  deliver_many(3);
  store(uids({2}), {"one"});
  flag(uids({1, 2}), Mode::add, {Flags::seen | Flags::deleted, 0});
  expunge(uids({1}));
  executor().run_for(1s);
  WallTime between = executor().wall();
  executor().run_for(1s);
  expunge(uids({2}));
  auto list = run_ok(executor(), boxes().expunged(kAnn, WallTime{}, 10));
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].state.uid, Uid(1));
  EXPECT_EQ(list[0].mailbox, kInbox);
  EXPECT_GT(list[1].expunged, between);
  EXPECT_EQ(run_ok(executor(), boxes().expunged(kAnn, WallTime{}, 1)).size(), 1u);
  auto late = run_ok(executor(), boxes().expunged(kAnn, between, 10));
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(run_ok(executor(), boxes().undelete(kAnn, late, executor().wall())), 1u);
  EXPECT_EQ(run_ok(executor(), boxes().undelete(kAnn, late, executor().wall())), 0u) << "once";
  EXPECT_EQ(all(kInbox), uids({3, 4}));
  auto back = open()->at(2);
  EXPECT_EQ(back.flags.system, Flags::seen);
  EXPECT_EQ(back.flags.keywords, 1u);
  EXPECT_EQ(back.email, list[1].state.email);
  EXPECT_EQ(use().messages, 2u);
  EXPECT_EQ(retained(), 1u);
  clean();
  sweep();
  EXPECT_EQ(run_ok(executor(), boxes().undelete(kAnn, list, executor().wall())), 0u);
  clean();
}

TEST_F(CopyTest, WhatWasInARemovedMailboxComesBackIntoTheInbox) {
  auto made = run_ok(executor(), boxes().create(kAnn, "a", Role::none, executor().wall()));
  MailboxId a = made.second;
  Arrival arrival;
  arrival.mailbox = a;
  arrival.keywords = {"one", "two"};
  for (int i = 0; i < 300; ++i) append(arrival, "x");
  run_ok(executor(), boxes().remove_mailbox(kAnn, a, executor().wall()));
  auto list = run_ok(executor(), boxes().expunged(kAnn, WallTime{}, 1));
  EXPECT_EQ(list.size(), 300u) << "one moment is not divided";
  EXPECT_EQ(run_ok(executor(), boxes().undelete(kAnn, list, executor().wall())), 300u);
  EXPECT_EQ(open()->count(), 300u);
  EXPECT_EQ(open()->record().keywords, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(open()->at(9).flags.keywords, 3u);
  EXPECT_EQ(retained(), 0u);
  clean();
}

}  // namespace
}  // namespace posta::mailbox
