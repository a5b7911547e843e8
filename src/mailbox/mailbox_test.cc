#include "mailbox/mailbox.h"

#include "mailbox/test_world.h"

namespace posta::mailbox {
namespace {

using namespace posta::mailbox::testing;
using namespace std::chrono_literals;

using MailboxTest = MailboxCase;

TEST_F(MailboxTest, ANewAccountHasItsInboxAndTheSpecialMailboxes) {
  auto list = run_ok(executor(), boxes().list(kAnn));
  std::vector<std::pair<std::string, Role>> names;
  std::set<UidValidity> validities;
  for (const auto& m : list) {
    names.emplace_back(m.name, m.role);
    validities.insert(m.uid_validity);
    EXPECT_TRUE(m.subscribed);
    EXPECT_EQ(m.uid_next, Uid(1));
  }
  EXPECT_EQ(list[0].id, kInbox);
  EXPECT_EQ(names, (std::vector<std::pair<std::string, Role>>{{"INBOX", Role::inbox},
                                                              {"Drafts", Role::drafts},
                                                              {"Sent", Role::sent},
                                                              {"Junk", Role::junk},
                                                              {"Trash", Role::trash},
                                                              {"Archive", Role::archive}}));
  EXPECT_EQ(validities.size(), names.size());
  EXPECT_GT(validities.begin()->value, 1'700'000'000u);
  auto again = run(executor(), create_account(store(), boxes(), kAnn, executor().wall()));
  EXPECT_FALSE(again.has_value()) << "an account is created once";
  clean();
}

TEST_F(MailboxTest, WhatIsAppendedIsThereWithItsPrefix) {
  Arrival arrival;
  arrival.prefix = "Return-Path: <>\r\n";
  arrival.flags.system = Flags::flagged;
  arrival.digest = std::make_shared<const std::string>("digest");
  auto [code, first] = append(arrival, "Subject: a\r\n\r\nbody");
  ASSERT_EQ(code, AppendCode::ok);
  Appended second = deliver("x");
  EXPECT_EQ(first.uid, Uid(1));
  EXPECT_EQ(second.uid, Uid(2));
  EXPECT_EQ(first.uid_validity, open()->record().uid_validity);
  Email mail = email(first.email);
  EXPECT_EQ(mail.digest, "digest");
  EXPECT_EQ(mail.size(), 17u + 18u);
  std::string whole = "Return-Path: <>\r\nSubject: a\r\n\r\nbody";
  struct Part {
    std::uint64_t offset, length;
  };
  for (Part p :
       {Part{0, 100}, {0, 0}, {0, 17}, {5, 3}, {16, 2}, {17, 5}, {30, ~0ull}, {35, 1}, {99, 9}}) {
    std::string expected = p.offset < whole.size() ? whole.substr(p.offset, p.length) : "";
    EXPECT_EQ(run_ok(executor(), boxes().read(mail, p.offset, p.length)), expected) << p.offset;
  }
  auto view = open();
  EXPECT_EQ(view->count(), 2u);
  EXPECT_EQ(view->at(1).flags.system, Flags::flagged);
  EXPECT_EQ(view->at(1).size, whole.size());
  EXPECT_EQ(view->record().unseen, 2u);
  EXPECT_EQ(view->octets(), whole.size() + 1);
  EXPECT_EQ(use().octets, whole.size() + 1);
  EXPECT_EQ(use().messages, 2u);
  EXPECT_FALSE(run_ok(executor(), boxes().email(kAnn, EmailId(99))).has_value());
  clean();
}

TEST_F(MailboxTest, WhoIsNotThereGetsNothing) {
  Arrival arrival;
  arrival.mailbox = MailboxId(99);
  EXPECT_EQ(append(arrival, "x").first, AppendCode::no_mailbox);
  EXPECT_EQ(open(MailboxId(99)), nullptr);
  auto nobody = run(executor(), append_text(store(), boxes(), kBob, {}, "x"));
  ASSERT_FALSE(nobody.has_value());
  EXPECT_TRUE(nobody.error().is(Error::Kind::not_found));
  auto flags = run(executor(), boxes().store_flags(kAnn, MailboxId(99), uids({1}), Mode::add, {}));
  EXPECT_TRUE(!flags && flags.error().is(Error::Kind::not_found));
  EXPECT_EQ(run_ok(executor(), boxes().open(kBob, kInbox)), nullptr);
  clean();
}

TEST_F(MailboxTest, TheQuotaIsCrossedOnce) {
  struct Case {
    Octets quota_octets;
    std::uint64_t quota_messages;
    bool overshoot;
    AppendCode code;
  };
  deliver(std::string(1000, 'x'));
  for (const Case& c : {
           Case{.quota_octets = 1000,
                .quota_messages = 0,
                .overshoot = true,
                .code = AppendCode::over_quota},
           {.quota_octets = 1001,
            .quota_messages = 0,
            .overshoot = false,
            .code = AppendCode::over_quota},
           {.quota_octets = 0,
            .quota_messages = 1,
            .overshoot = true,
            .code = AppendCode::over_quota},
           {.quota_octets = 1001, .quota_messages = 2, .overshoot = true, .code = AppendCode::ok},
           {.quota_octets = 1001,
            .quota_messages = 0,
            .overshoot = true,
            .code = AppendCode::over_quota},
           {.quota_octets = 1600, .quota_messages = 0, .overshoot = false, .code = AppendCode::ok},
           {.quota_octets = 0, .quota_messages = 0, .overshoot = false, .code = AppendCode::ok},
       }) {
    Arrival arrival;
    arrival.quota_octets = c.quota_octets;
    arrival.quota_messages = c.quota_messages;
    arrival.overshoot = c.overshoot;
    EXPECT_EQ(append(arrival, std::string(300, 'x')).first, c.code) << c.quota_octets;
  }
  clean();
}

TEST_F(MailboxTest, FlagsAreAddedRemovedAndReplacedAndCounted) {
  deliver_many(4);
  flag(uids({1, 2, 3}), Mode::add, {Flags::seen, 0});
  flag(uids({3, 2, 3}), Mode::add, {Flags::deleted, 0});
  flag(uids({2}), Mode::remove, {Flags::seen | Flags::deleted, 0});
  flag(uids({3, 4, 77}), Mode::replace, {Flags::draft, 0});
  auto view = open();
  std::vector<int> flags;
  for (const auto& state : states_of(*view)) flags.push_back(state.flags.system);
  EXPECT_EQ(flags, (std::vector<int>{Flags::seen, 0, Flags::draft, Flags::draft}));
  EXPECT_EQ(view->record().unseen, 3u);
  EXPECT_EQ(view->record().deleted, 0u);
  clean();
}

TEST_F(MailboxTest, AChangeThatChangesNothingGivesNoModSeq) {
  deliver_many(2);
  flag(uids({1}), Mode::add, {Flags::seen, 0});
  ModSeq before = open()->record().mod_seq;
  flag(uids({1}), Mode::add, {Flags::seen, 0});
  flag({}, Mode::add, {Flags::seen, 0});
  EXPECT_EQ(open()->record().mod_seq, before);
  flag(uids({1, 2}), Mode::add, {Flags::seen, 0});
  EXPECT_EQ(open()->at(1).mod_seq, ModSeq(before.value));
  EXPECT_EQ(open()->at(2).mod_seq, ModSeq(before.value + 1));
}

// RFC 7162 §3.1: "a positive unsigned 63-bit (*) value".
TEST_F(MailboxTest, ModSeqsBeginWithOneWhereNothingHasHappened) {
  auto all = run_ok(executor(), boxes().list(kAnn));
  ASSERT_EQ(all.size(), 6u);
  for (const MailboxRecord& record : all) EXPECT_EQ(record.mod_seq, ModSeq(1)) << record.name;
  deliver_many(1);
  EXPECT_EQ(open()->at(1).mod_seq, ModSeq(2));
  EXPECT_EQ(open()->record().mod_seq, ModSeq(2));
}

TEST_F(MailboxTest, KeywordsGetNumbersOnceAndHaveALimit) {
  Arrival arrival;
  arrival.keywords = {"$Junk", "todo", "$junk"};
  EXPECT_EQ(append(arrival, "x").first, AppendCode::ok);
  arrival.keywords = {"TODO"};
  EXPECT_EQ(append(arrival, "x").first, AppendCode::ok);
  EXPECT_EQ(open()->record().keywords, (std::vector<std::string>{"$Junk", "todo"}));
  EXPECT_EQ(open()->at(1).flags.keywords, 3u);
  EXPECT_EQ(open()->at(2).flags.keywords, 2u);
  flag(uids({1}), Mode::remove, {0, 1});
  EXPECT_EQ(open()->at(1).flags.keywords, 2u);
  auto unknown = run(executor(), boxes().store_flags(kAnn, kInbox, uids({1}), Mode::add, {0, 4}));
  EXPECT_TRUE(!unknown && unknown.error().is(Error::Kind::syntax));
  arrival.keywords.clear();
  for (int i = 0; i < kKeywordsMax; ++i) arrival.keywords.push_back("k" + std::to_string(i));
  EXPECT_EQ(append(arrival, "x").first, AppendCode::ok) << "what finds no number is dropped";
  EXPECT_EQ(open()->record().keywords.size(), std::size_t{kKeywordsMax});
  EXPECT_EQ(open()->at(3).flags.keywords, ~0ull << 2);
  clean();
}

TEST_F(MailboxTest, ExpungedMailStaysForItsRetentionThenIsSwept) {
  deliver_many(3);
  EmailId gone = open()->at(2).email;
  Email mail = email(gone);
  auto pinned = open();
  EXPECT_EQ(expunge(uids({2, 9})), uids({2}));
  EXPECT_EQ(expunge(uids({2})), uids({}));
  EXPECT_EQ(pinned->count(), 3u);
  EXPECT_EQ(open()->count(), 2u);
  EXPECT_EQ(open()->sequence_of(Uid(3)), 2u);
  EXPECT_EQ(open()->sequence_of(Uid(2)), std::nullopt);
  EXPECT_EQ(use().messages, 2u);
  clean();
  WallTime expunged_at = executor().wall();
  EXPECT_EQ(run_ok(executor(), boxes().sweep_expunged(kAnn, expunged_at - 1h)), 0u);
  EXPECT_EQ(run_ok(executor(), store().sweep_bodies()), 0u);
  EXPECT_EQ(run_ok(executor(), boxes().read(mail, 0, 8)), "Subject:") << "pinned views may read";
  EXPECT_EQ(run_ok(executor(), boxes().sweep_expunged(kAnn, expunged_at + 1h)), 1u);
  EXPECT_EQ(run_ok(executor(), boxes().sweep_expunged(kAnn, expunged_at + 1h)), 0u);
  EXPECT_FALSE(run_ok(executor(), boxes().email(kAnn, gone)).has_value());
  EXPECT_EQ(run_ok(executor(), store().sweep_bodies()), 1u);
  auto read = run(executor(), boxes().read(mail, 0, 8));
  EXPECT_TRUE(!read && read.error().is(Error::Kind::not_found));
  EXPECT_EQ(deliver("x").uid, Uid(4)) << "uids only grow";
  clean();
}

TEST_F(MailboxTest, ExpungingEverythingLeavesNoPageAndTheUidsGoOn) {
  deliver_many(600);
  auto pages = [&] {
    auto range = keys::all_states(kAnn, kInbox);
    return run_ok(executor(), store().snapshot()->scan(std::move(range), 100)).size();
  };
  EXPECT_EQ(pages(), 3u);
  std::vector<Uid> all;
  for (const auto& state : states_of(*open())) all.push_back(state.uid);
  EXPECT_EQ(expunge(all), all);
  EXPECT_EQ(pages(), 0u);
  EXPECT_EQ(open()->count(), 0u);
  EXPECT_EQ(use().octets, 0u);
  clean();
  EXPECT_EQ(deliver("x").uid, Uid(601));
  EXPECT_EQ(open()->sequence_of(Uid(601)), 1u);
  EXPECT_EQ(run_ok(executor(), boxes().sweep_expunged(kAnn, executor().wall() + 1h)), 600u);
  EXPECT_EQ(run_ok(executor(), store().sweep_bodies()), 600u);
  clean();
}

TEST_F(MailboxTest, APageIsRewrittenWhenItsLogIsLong) {
  deliver_many(300);
  auto octets = [&](std::uint32_t page) {
    auto key = keys::state(kAnn, kInbox, page);
    return run_ok(executor(), store().snapshot()->get(std::move(key)))->size();
  };
  std::size_t most[2] = {0, 0};
  bool shrank[2] = {false, false};
  std::size_t last[2] = {octets(0), octets(1)};
  for (std::uint32_t i = 0; i < 600; ++i) {
    flag(uids({1 + i % 255, 256 + i % 41}), i % 2 ? Mode::add : Mode::remove,
         {std::uint8_t(i % 3 ? Flags::seen : Flags::flagged), 0});
    for (std::uint32_t page : {0u, 1u}) {
      std::size_t now = octets(page);
      shrank[page] |= now < last[page];
      last[page] = now;
      most[page] = std::max(most[page], now);
    }
  }
  EXPECT_TRUE(shrank[0]);
  EXPECT_TRUE(shrank[1]);
  EXPECT_LT(most[0], 256u * 30 + kPageLogOctetsMax + 64);
  EXPECT_LT(most[1], 44u * 30 + kPageLogOctetsMax + 64);
  clean();
}

TEST_F(MailboxTest, APinnedViewDoesNotChange) {
  deliver_many(300);
  auto pinned = open();
  std::string before = text_of(*pinned);
  EXPECT_EQ(pinned, open()) << "sessions share one view";
  flag(uids({1, 299}), Mode::add, {Flags::seen, 0});
  expunge(uids({2, 300}));
  deliver_many(300);
  EXPECT_EQ(text_of(*pinned), before);
  auto now = open();
  EXPECT_EQ(now->count(), 598u);
  EXPECT_EQ(pinned->sequence_of(Uid(3)), 3u);
  EXPECT_EQ(now->sequence_of(Uid(3)), 2u);
  for (std::uint32_t n = 1; n <= now->count(); ++n) EXPECT_EQ(now->sequence_of(now->at(n).uid), n);
  std::uint32_t expected = 250;
  now->visit(250, 270, [&](std::uint32_t n, const MessageState& state) {
    EXPECT_EQ(n, expected++);
    EXPECT_EQ(state.uid, now->at(n).uid);
  });
  EXPECT_EQ(expected, 271u);
  clean();
}

TEST_F(MailboxTest, AnswersJoinTheThreadOfWhatTheyAnswer) {
  auto arrive = [&](std::vector<std::uint64_t> ids) {
    Arrival arrival;
    arrival.thread_keys = std::move(ids);
    return email(append(arrival, "x").second.email).thread;
  };
  ThreadId first = arrive({1});
  EXPECT_EQ(arrive({2, 1}), first);
  EXPECT_NE(arrive({3}), first);
  for (std::uint64_t id = 100; id < 150; ++id) arrive({id});  // long forgotten by the head
  EXPECT_EQ(arrive({4, 2, 1}), first) << "looked up in the store";
  ThreadId orphans = arrive({5, 900});
  for (std::uint64_t id = 200; id < 250; ++id) arrive({id});
  EXPECT_EQ(arrive({6, 900}), orphans) << "both answer what never came here";
  EXPECT_NE(orphans, first);
  clean();
}

TEST_F(MailboxTest, WatchersAreWokenByTheirAccountOnly) {
  create(kBob);
  int woken = 0;
  std::vector<Uid> added;
  auto handle = boxes().watch(kAnn, [&](const std::shared_ptr<const Change>& change) {
    ++woken;
    for (const auto& state : change->added) added.push_back(state.uid);
  });
  deliver_many(2);
  run_ok(executor(), append_text(store(), boxes(), kBob, {}, "x"));
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(added, uids({1, 2}));
  handle.reset();
  deliver_many(1);
  EXPECT_EQ(woken, 2);
}

TEST_F(MailboxTest, ARemovedAccountLeavesNothing) {
  create(kBob);
  deliver_many(600);
  run_ok(executor(), append_text(store(), boxes(), kBob, {}, "bob's"));
  expunge(uids({3, 4}));
  auto pinned = open();
  bool told = false;
  auto handle = boxes().watch(
      kAnn, [&](const std::shared_ptr<const Change>& change) { told |= change->removed; });
  run_ok(executor(), boxes().remove(kAnn));
  EXPECT_TRUE(told);
  EXPECT_EQ(keys_of(kAnn), 0u);
  EXPECT_EQ(open(), nullptr);
  EXPECT_EQ(run_ok(executor(), store().sweep_bodies()), 600u);
  auto late = run(executor(), append_text(store(), boxes(), kAnn, {}, "late"));
  EXPECT_TRUE(!late || late->first == AppendCode::no_mailbox);
  EXPECT_EQ(keys_of(kAnn), 0u);
  auto again = run(executor(), boxes().remove(kAnn));
  EXPECT_TRUE(!again && again.error().is(Error::Kind::not_found));
  clean(kBob);
}

TEST_F(MailboxTest, TheCheckFindsWhatIsWrong) {
  deliver_many(3);
  flag(uids({1}), Mode::add, {Flags::seen, 0});
  expunge(uids({3}));
  clean();
  MessageState row = open()->at(1);
  Email mail = email(row.email);
  auto value_of = [&](std::string key) {
    return *run_ok(executor(), store().snapshot()->get(std::move(key)));
  };
  Numbers numbers = *decode_numbers(value_of(keys::numbers(kAnn, kInbox)));
  AccountNumbers account = *decode_account(value_of(keys::account(kAnn)));
  auto with = [](auto record, auto change) {
    change(record);
    return encode(record);
  };
  row.uid = Uid(200);
  std::string page = value_of(keys::state(kAnn, kInbox, 0));
  struct Case {
    const char* what;
    std::string key;
    std::optional<std::string> value;
  };
  const Case cases[] = {
      {"messages", keys::numbers(kAnn, kInbox), with(numbers, [](auto& n) { ++n.messages; })},
      {"unseen", keys::numbers(kAnn, kInbox), with(numbers, [](auto& n) { --n.unseen; })},
      {"deleted", keys::numbers(kAnn, kInbox), with(numbers, [](auto& n) { ++n.deleted; })},
      {"octets", keys::numbers(kAnn, kInbox), with(numbers, [](auto& n) { ++n.octets; })},
      {"uid next", keys::numbers(kAnn, kInbox),
       with(numbers, [](auto& n) { n.uid_next = Uid(2); })},
      {"a lost uid", keys::numbers(kAnn, kInbox),
       with(numbers, [](auto& n) { n.uid_next = Uid(9); })},
      {"modseq", keys::numbers(kAnn, kInbox),
       with(numbers, [](auto& n) { n.mod_seq = ModSeq(1); })},
      {"use", keys::account(kAnn), with(account, [](auto& n) { ++n.octets; })},
      {"use in messages", keys::account(kAnn), with(account, [](auto& n) { ++n.messages; })},
      {"retained", keys::account(kAnn), with(account, [](auto& n) { ++n.retained_messages; })},
      {"retained octets", keys::account(kAnn), with(account, [](auto& n) { ++n.retained_octets; })},
      {"next e-mail", keys::account(kAnn),
       with(account, [](auto& n) { n.next_email = EmailId(2); })},
      {"next thread", keys::account(kAnn),
       with(account, [](auto& n) { n.next_thread = ThreadId(2); })},
      {"an e-mail is missing", keys::email(kAnn, mail.id), std::nullopt},
      {"an e-mail too many", keys::email(kAnn, EmailId(99)), value_of(keys::email(kAnn, mail.id))},
      {"a body without a link", store::body_link_key(mail.body.id, keys::body_owner(kAnn, mail.id)),
       std::nullopt},
      {"a page is missing", keys::state(kAnn, kInbox, 0), std::nullopt},
      {"an e-mail in two places", keys::state(kAnn, kInbox, 0), page + row_record(row)},
      {"a page without a mailbox", keys::state(kAnn, MailboxId(77), 0), page},
      {"a uid that is there and gone", keys::gone(kAnn, kInbox, ModSeq(1)),
       encode_gone({{Uid(1), 1}})},
      {"a thread that was never given", keys::thread(kAnn, 5), encode_thread(ThreadId(999))},
  };
  for (const auto& c : cases) {
    auto before = run_ok(executor(), store().snapshot()->get(c.key));
    auto write = [&](const std::optional<std::string>& value) {
      store::Batch batch;
      value ? batch.put(c.key, *value) : batch.erase(c.key);
      run_ok(executor(), store().commit(std::move(batch)));
    };
    write(c.value);
    auto findings = run(executor(), check_account(store().snapshot(), kAnn));
    EXPECT_TRUE(!findings || !findings->empty()) << c.what;
    write(before);
  }
  clean();
}

TEST_F(MailboxTest, AfterARestoreNothingIsGivenTwice) {
  deliver_many(300);
  flag(uids({2, 290}), Mode::add, {Flags::flagged, 0});
  expunge(uids({5, 299, 300}));
  const MailboxRecord before = open()->record();
  const auto states = states_of(*open());
  const Appended last = deliver("Subject: after the backup\r\n\r\n");
  expunge({last.uid});  // so that the numbers it had are the next ones again

  world_.reopen();
  run_ok(executor(), boxes().renumber(kAnn));
  clean();
  const auto now = states_of(*open());
  ASSERT_EQ(now.size(), states.size());
  for (std::size_t i = 0; i < now.size(); ++i) {
    EXPECT_EQ(now[i].uid, states[i].uid);
    EXPECT_EQ(now[i].email, states[i].email);
    EXPECT_EQ(now[i].flags, states[i].flags);
    EXPECT_GT(now[i].mod_seq.value, before.mod_seq.value + 1'000'000);
  }
  EXPECT_EQ(open()->record().uid_validity, before.uid_validity);
  EXPECT_EQ(open()->record().messages, before.messages);
  // What was gone before cannot be told any more.
  EXPECT_FALSE(run_ok(executor(), boxes().gone_since(kAnn, kInbox, before.mod_seq)));

  const Appended next = deliver("Subject: after the restore\r\n\r\n");
  EXPECT_GT(next.uid.value, last.uid.value + 1'000'000);
  EXPECT_GT(next.email.value, last.email.value + 1'000'000);
  expunge({Uid(1)});
  EXPECT_EQ(run_ok(executor(), boxes().gone_since(kAnn, kInbox, open()->record().mod_seq))->size(),
            0u);
  clean();
}

}  // namespace
}  // namespace posta::mailbox
