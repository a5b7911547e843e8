// STORE by names and conditions, what SELECT needs, differences of views, reading many e-mails.
#include "mailbox/test_world.h"
#include "runtime/nursery.h"
#include "runtime/sleep.h"

namespace posta::mailbox {
namespace {

using namespace posta::mailbox::testing;
using namespace std::chrono_literals;

class StatusTest : public MailboxCase {
 protected:
  Status status(MailboxId id = kInbox) { return *run_ok(executor(), boxes().status(kAnn, id)); }
  FlagsStored change(FlagsWanted wanted) {
    return run_ok(executor(), boxes().store(kAnn, kInbox, std::move(wanted)));
  }
  static FlagsWanted wanted(std::vector<Uid> which, FlagsWanted::Mode mode, std::uint8_t system,
                            std::vector<std::string> keywords = {},
                            std::optional<ModSeq> unchanged_since = {}) {
    FlagsWanted w;
    w.uids = std::move(which);
    w.mode = mode;
    w.system = system;
    w.keywords = std::move(keywords);
    w.unchanged_since = unchanged_since;
    return w;
  }
  void first_unseen(std::uint32_t expected) {
    EXPECT_EQ(status().first_unseen, expected);
    auto key = keys::numbers(kAnn, kInbox);
    auto value = run_ok(executor(), store().snapshot()->get(std::move(key)));
    EXPECT_EQ(decode_numbers(*value)->first_unseen, expected) << "known without the pages";
  }
};

using FlagMode = FlagsWanted::Mode;

TEST_F(StatusTest, TheRecordKnowsTheFirstUnseenMessage) {
  first_unseen(0);
  Arrival seen;
  seen.flags.system = Flags::seen;
  append(seen, "x");
  first_unseen(0);
  deliver_many(300);
  first_unseen(2);
  flag(uids({2, 3, 5}), Mode::add, {Flags::seen, 0});
  first_unseen(4);
  expunge(uids({1, 2}));
  first_unseen(2);
  flag(uids({3}), Mode::remove, {Flags::seen, 0});
  first_unseen(1);
  std::vector<Uid> most;
  for (std::uint32_t uid = 1; uid <= 300; ++uid) most.emplace_back(uid);
  flag(most, Mode::add, {Flags::seen, 0});
  first_unseen(299);
  expunge(most);
  first_unseen(1);
  flag(uids({301}), Mode::add, {Flags::seen, 0});
  first_unseen(0);
  deliver("x");
  first_unseen(2);
  clean();
}

TEST_F(StatusTest, SaysWhatTheViewSays) {
  deliver_many(5);
  flag(uids({2}), Mode::add, {Flags::deleted | Flags::seen, 0});
  Status s = status();
  auto view = open();
  EXPECT_EQ(s.messages, view->count());
  EXPECT_EQ(s.unseen, 4u);
  EXPECT_EQ(s.deleted, 1u);
  EXPECT_EQ(s.recent, 5u);
  EXPECT_EQ(s.uid_next, Uid(6));
  EXPECT_EQ(s.uid_validity, view->record().uid_validity);
  EXPECT_EQ(s.mod_seq, view->record().mod_seq);
  EXPECT_EQ(s.octets, view->octets());
  EXPECT_EQ(run_ok(executor(), boxes().status(kAnn, MailboxId(99))), std::nullopt);
}

TEST_F(StatusTest, WhatSelectAnnouncesIsTheViewThatComesAfterIt) {
  deliver_many(600);
  auto announced = run_ok(executor(), boxes().select(kAnn, kInbox));
  ASSERT_TRUE(announced && announced->opening);
  EXPECT_FALSE(announced->view) << "nobody has opened it yet";
  deliver("after that moment");
  auto view = run_ok(executor(), boxes().finish(std::move(announced->opening)));
  EXPECT_EQ(view->count(), 600u);
  EXPECT_EQ(announced->status.messages, 600u);
  EXPECT_EQ(announced->status.mod_seq, view->record().mod_seq);
  EXPECT_EQ(announced->status.first_unseen, 1u);
  EXPECT_EQ(open()->count(), 601u);
  auto again = run_ok(executor(), boxes().select(kAnn, kInbox));
  ASSERT_TRUE(again && again->view) << "it is in memory now";
  EXPECT_EQ(again->view, open());
  EXPECT_EQ(again->status.messages, 601u);
  EXPECT_EQ(again->status.first_unseen, 1u);
  EXPECT_FALSE(run_ok(executor(), boxes().select(kAnn, MailboxId(99))));
  clean();
}

TEST_F(StatusTest, WhoeverOpensMeanwhileGetsTheNewestView) {
  deliver_many(3);
  auto announced = run_ok(executor(), boxes().select(kAnn, kInbox));
  auto both = [&]() -> Task<> {
    runtime::Nursery others(executor());
    std::vector<Uid> gone;
    auto expunge = [&]() -> Task<> {
      auto done = co_await boxes().expunge(kAnn, kInbox, uids({2}), executor().wall());
      EXPECT_TRUE(done.has_value());
      if (done) gone = *std::move(done);
    };
    others.spawn(expunge());
    auto finished = co_await boxes().finish(std::move(announced->opening));
    EXPECT_TRUE(finished && (*finished)->count() == 3);
    co_await others.join();
    EXPECT_EQ(gone, uids({2}));
    co_return;
  };
  executor().run_task(both());
  EXPECT_EQ(open()->count(), 2u);
  clean();
}

TEST_F(StatusTest, AnOpeningThatIsGivenUpIsDoneByTheNext) {
  deliver_many(3);
  auto announced = run_ok(executor(), boxes().select(kAnn, kInbox));
  announced->opening.reset();
  EXPECT_EQ(open()->count(), 3u);
}

TEST_F(StatusTest, AnOpeningThatComesTooLateIsStale) {
  deliver_many(3);
  auto announced = run_ok(executor(), boxes().select(kAnn, kInbox));
  auto late = [&]() -> Task<Result<std::shared_ptr<const View>>> {
    co_await runtime::sleep_for(store().limits().snapshot_life_max + 1s);
    co_return co_await boxes().finish(std::move(announced->opening));
  };
  auto finished = run(executor(), late());
  EXPECT_TRUE(!finished && finished.error().is(Error::Kind::stale));
  EXPECT_EQ(open()->count(), 3u);
}

TEST_F(StatusTest, RecentMessagesAreClaimedOnce) {
  deliver_many(3);
  EXPECT_EQ(status().recent, 3u);
  ModSeq before = status().mod_seq;
  auto first = run_ok(executor(), boxes().claim_recent(kAnn, kInbox));
  EXPECT_TRUE(first.first == Uid(1) && first.end == Uid(4));
  EXPECT_EQ(first.messages, 3u);
  EXPECT_EQ(first.mod_seq, before);
  EXPECT_EQ(status().recent, 0u);
  EXPECT_EQ(status().mod_seq, before) << "\\Recent is no flag of a message";
  auto second = run_ok(executor(), boxes().claim_recent(kAnn, kInbox));
  EXPECT_EQ(second.first, second.end);
  EXPECT_EQ(second.messages, 0u);
  deliver_many(2);
  expunge(uids({1, 4}));
  EXPECT_EQ(status().recent, 1u);
  auto third = run_ok(executor(), boxes().claim_recent(kAnn, kInbox));
  EXPECT_TRUE(third.first == Uid(4) && third.end == Uid(6));
  EXPECT_EQ(third.messages, 1u) << "one has been expunged";
  auto nobody = run(executor(), boxes().claim_recent(kAnn, MailboxId(99)));
  EXPECT_TRUE(!nobody && nobody.error().is(Error::Kind::not_found));
  clean();
}

TEST_F(StatusTest, KeywordsGetNumbersWhenTheyAreFirstSet) {
  deliver_many(2);
  auto stored = change(wanted(uids({1}), FlagMode::add, Flags::seen, {"a", "b"}));
  EXPECT_EQ(stored.code, FlagsStored::Code::ok);
  EXPECT_EQ(stored.mod_seq, open()->record().mod_seq);
  EXPECT_EQ(open()->at(1).flags, (Flags{Flags::seen, 3}));
  change(wanted(uids({1, 2}), FlagMode::remove, 0, {"A", "unknown"}));
  EXPECT_EQ(open()->at(1).flags, (Flags{Flags::seen, 2}));
  EXPECT_EQ(open()->record().keywords, (std::vector<std::string>{"a", "b"}));
  change(wanted(uids({1}), FlagMode::replace, Flags::draft, {"c"}));
  EXPECT_EQ(open()->at(1).flags, (Flags{Flags::draft, 4}));
  auto nothing = change(wanted(uids({2}), FlagMode::remove, 0, {"a"}));
  EXPECT_EQ(nothing.mod_seq, ModSeq(0));
  std::vector<std::string> many;
  for (int i = 0; i < 62; ++i) many.push_back("k" + std::to_string(i));
  auto refused = change(wanted(uids({1}), FlagMode::add, 0, many));
  EXPECT_EQ(refused.code, FlagsStored::Code::too_many_keywords);
  many.pop_back();
  EXPECT_EQ(change(wanted(uids({1}), FlagMode::add, 0, many)).code, FlagsStored::Code::ok);
  EXPECT_EQ(open()->record().keywords.size(), 64u);
  auto nobody =
      run_ok(executor(), boxes().store(kAnn, MailboxId(99), wanted(uids({1}), FlagMode::add, 0)));
  EXPECT_EQ(nobody.code, FlagsStored::Code::no_mailbox);
  clean();
}

// RFC 7162 §3.1.3.
TEST_F(StatusTest, AConditionLeavesAloneWhatHasChanged) {
  deliver_many(3);
  ModSeq since = open()->record().mod_seq;
  flag(uids({2}), Mode::add, {Flags::flagged, 0});
  auto stored = change(wanted(uids({1, 2, 3, 9}), FlagMode::add, Flags::deleted, {}, since));
  EXPECT_EQ(stored.modified, uids({2}));
  EXPECT_EQ(stored.mod_seq, open()->record().mod_seq);
  EXPECT_EQ(open()->record().deleted, 2u);
  EXPECT_FALSE(open()->at(2).flags.has(Flags::deleted));
  auto none = change(wanted(uids({1, 2, 3}), FlagMode::add, Flags::seen, {}, ModSeq(0)));
  EXPECT_EQ(none.modified, uids({1, 2, 3}));
  EXPECT_EQ(none.mod_seq, ModSeq(0));
  clean();
}

// Two sessions: one takes \Deleted away while the other expunges.
TEST_F(StatusTest, WhatIsDeletedNoMoreWhenItsTurnComesIsSpared) {
  int spared = 0;
  constexpr int kRaces = 40;
  for (int i = 0; i < kRaces; ++i) {
    std::vector<Uid> uid{deliver("x").uid};
    flag(uid, Mode::add, {Flags::deleted, 0});
    open();
    std::vector<Uid> gone;
    auto race = [&]() -> Task<> {
      runtime::Nursery sessions(executor());
      auto take_back = [&]() -> Task<> {
        Flags deleted{Flags::deleted, 0};
        auto done = co_await boxes().store_flags(kAnn, kInbox, uid, Mode::remove, deleted);
        EXPECT_TRUE(done.has_value());
      };
      auto expunge = [&]() -> Task<> {
        auto done = co_await boxes().expunge_deleted(kAnn, kInbox, uid, executor().wall());
        EXPECT_TRUE(done.has_value());
        if (done) gone = *std::move(done);
      };
      sessions.spawn(take_back());
      sessions.spawn(expunge());
      co_await sessions.join();
    };
    executor().run_task(race());
    spared += gone.empty();
  }
  EXPECT_EQ(open()->count(), static_cast<std::uint32_t>(spared));
  EXPECT_GT(spared, 0) << "both orders must come";
  EXPECT_LT(spared, kRaces) << "both orders must come";
  auto expunged = run_ok(executor(), boxes().expunged(kAnn, {}, 1000));
  for (const Expunged& e : expunged) EXPECT_TRUE(e.state.flags.has(Flags::deleted));
  clean();
}

TEST_F(StatusTest, ADifferenceIsWhatASessionAnnounces) {
  deliver_many(600);
  auto before = open();
  EXPECT_TRUE(difference(*before, *before).expunged.empty());
  flag(uids({2, 300, 599}), Mode::add, {Flags::seen, 0});
  expunge(uids({1, 3, 258, 600}));
  deliver_many(2);
  expunge(uids({601}));
  auto after = open();
  Difference d = difference(*before, *after);
  EXPECT_EQ(d.expunged, (std::vector<std::uint32_t>{600, 258, 3, 1}));
  EXPECT_EQ(d.expunged_uids, uids({1, 3, 258, 600}));
  EXPECT_EQ(d.flagged, (std::vector<std::uint32_t>{1, 297, 596}));
  EXPECT_EQ(d.added, 1u);
  EXPECT_EQ(before->count() - d.expunged.size() + d.added, after->count());
  std::vector<Uid> all;
  for (const auto& state : states_of(*after)) all.push_back(state.uid);
  expunge(all);
  deliver("x");
  Difference e = difference(*after, *open());
  EXPECT_EQ(e.expunged.size(), after->count());
  EXPECT_EQ(e.added, 1u);
  Difference f = difference(*before, *open());
  EXPECT_EQ(f.expunged.size(), 600u);
  EXPECT_EQ(f.added, 1u);
}

TEST_F(StatusTest, WhoHasOnlySaidTheStatusCanCatchUp) {
  deliver_many(600);
  Status said = status();
  auto before = open();
  auto same = run_ok(executor(), boxes().open_since(kAnn, kInbox, said));
  ASSERT_TRUE(same);
  EXPECT_EQ(same->view, before);
  EXPECT_TRUE(same->since.expunged.empty() && same->since.flagged.empty());
  flag(uids({2, 300}), Mode::add, {Flags::seen, 0});
  expunge(uids({1, 3, 600}));
  deliver_many(3);
  expunge(uids({602, 300}));
  auto later = run_ok(executor(), boxes().open_since(kAnn, kInbox, said));
  ASSERT_TRUE(later);
  Difference d = difference(*before, *later->view);
  EXPECT_EQ(later->since.expunged, d.expunged);
  EXPECT_EQ(later->since.expunged_uids, d.expunged_uids);
  EXPECT_EQ(later->since.flagged, d.flagged);
  EXPECT_EQ(later->since.added, d.added);
  EXPECT_EQ(run_ok(executor(), boxes().open_since(kAnn, MailboxId(99), said)).has_value(), false);
}

TEST_F(StatusTest, ManyEmailsAreReadInAnyOrder) {
  deliver_many(40);
  std::vector<EmailId> ids;
  for (std::uint64_t id : {30u, 31u, 32u, 33u, 35u, 1u, 99u, 3u, 2u, 31u, 20u, 34u, 40u, 41u})
    ids.emplace_back(id);
  auto got = run_ok(executor(), boxes().emails(kAnn, ids));
  ASSERT_EQ(got.size(), ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(got[i].has_value(), ids[i].value <= 40) << ids[i].value;
    if (got[i]) EXPECT_EQ(got[i]->id, ids[i]);
    if (got[i]) EXPECT_EQ(got[i]->body.size, email(ids[i]).body.size);
  }
  EXPECT_TRUE(run_ok(executor(), boxes().emails(kAnn, {})).empty());
}

}  // namespace
}  // namespace posta::mailbox
