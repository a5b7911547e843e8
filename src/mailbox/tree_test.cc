// The tree of mailboxes: create, rename, remove, subscribe, find.
#include "mailbox/names.h"
#include "mailbox/test_world.h"

namespace posta::mailbox {
namespace {

using namespace posta::mailbox::testing;
using namespace std::chrono_literals;

TEST(Names, HaveOneForm) {
  Limits limits;
  limits.mailbox_name_octets_max = 20;
  limits.mailbox_depth_max = 3;
  struct Case {
    std::string name;
    std::optional<std::string> canonical;
  };
  for (const Case& c : {
           Case{.name = "a", .canonical = "a"},
           {.name = "a/b/", .canonical = "a/b"},
           {.name = "inbox", .canonical = "INBOX"},
           {.name = "iNbOx/Grüße", .canonical = "INBOX/Grüße"},
           {.name = "a/inbox", .canonical = "a/inbox"},
           {.name = "inboxes", .canonical = "inboxes"},
           {.name = "a b/%*\"\\", .canonical = "a b/%*\"\\"},
           {.name = "", .canonical = {}},
           {.name = "/", .canonical = {}},
           {.name = "/a", .canonical = {}},
           {.name = "a//", .canonical = {}},
           {.name = "a//b", .canonical = {}},
           {.name = "a\nb", .canonical = {}},
           {.name = "a\x7f", .canonical = {}},
           {.name = "a\xc2\x85", .canonical = {}},
           {.name = "a\xff", .canonical = {}},
           {.name = "12345678901234567890", .canonical = "12345678901234567890"},
           {.name = "123456789012345678901", .canonical = {}},
           {.name = "a/b/c", .canonical = "a/b/c"},
           {.name = "a/b/c/d", .canonical = {}},
       })
    EXPECT_EQ(canonical_name(c.name, limits), c.canonical) << c.name;
  EXPECT_EQ(superior_of("a/b/c"), "a/b");
  EXPECT_EQ(superior_of("a"), "");
  EXPECT_TRUE(is_below("a/b", "a"));
  EXPECT_FALSE(is_below("ab", "a"));
  EXPECT_FALSE(is_below("a", "a"));
}

class TreeTest : public MailboxCase {
 protected:
  std::pair<TreeCode, MailboxId> create(std::string name, Role role = Role::none) {
    return run_ok(executor(), boxes().create(kAnn, std::move(name), role, executor().wall()));
  }
  MailboxId made(std::string name) {
    auto [code, id] = create(std::move(name));
    EXPECT_EQ(code, TreeCode::ok);
    return id;
  }
  TreeCode rename(std::string from, std::string to) {
    return run_ok(executor(),
                  boxes().rename(kAnn, std::move(from), std::move(to), executor().wall()));
  }
  TreeCode remove(MailboxId id) {
    return run_ok(executor(), boxes().remove_mailbox(kAnn, id, executor().wall()));
  }
  TreeCode subscribe(std::string name, bool subscribed) {
    return run_ok(executor(), boxes().subscribe(kAnn, std::move(name), subscribed));
  }
  std::vector<std::string> subscriptions() {
    return run_ok(executor(), boxes().subscriptions(kAnn));
  }
  std::optional<MailboxRecord> find(std::string name) {
    return run_ok(executor(), boxes().find(kAnn, std::move(name)));
  }
  // Without the six that every account has.
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& m : run_ok(executor(), boxes().list(kAnn)))
      if (m.id.value > 6) names.push_back(m.name);
    std::ranges::sort(names);
    return names;
  }
  Appended deliver_to(MailboxId id, std::string text, std::uint8_t flags = 0) {
    Arrival arrival;
    arrival.mailbox = id;
    arrival.flags.system = flags;
    auto [code, appended] = append(std::move(arrival), std::move(text));
    EXPECT_EQ(code, AppendCode::ok);
    return appended;
  }
  using Strings = std::vector<std::string>;
};

TEST_F(TreeTest, AMailboxIsMadeWithItsSuperiors) {
  MailboxId c = made("a/b/c/");
  EXPECT_EQ(names(), (Strings{"a", "a/b", "a/b/c"}));
  EXPECT_EQ(find("a/b/c")->id, c);
  EXPECT_EQ(create("a/b").first, TreeCode::exists);
  EXPECT_EQ(create("Inbox").first, TreeCode::exists);
  EXPECT_EQ(create("a//b").first, TreeCode::bad_name);
  EXPECT_EQ(made("a/d").value, c.value + 1);
  EXPECT_EQ(find("inbox")->id, kInbox);
  EXPECT_EQ(find("INBOX/x"), std::nullopt);
  made("inbox/x");
  EXPECT_EQ(find("iNBOX/x")->name, "INBOX/x");
  EXPECT_EQ(create("Wichtig", Role::archive).first, TreeCode::ok);
  EXPECT_EQ(find("Wichtig")->role, Role::archive);
  EXPECT_FALSE(find("a")->subscribed) << "CREATE subscribes to nothing";
  EXPECT_GT(find("a")->mod_seq, ModSeq(0)) << "RFC 7162 §3.1.1: HIGHESTMODSEQ is above 0";
  clean();
}

TEST_F(TreeTest, MailboxesHaveALimit) {
  Limits limits;
  limits.mailboxes_max = 9;
  limits.subscriptions_max = 8;
  World world(2, limits);
  run_ok(world.executor,
         create_account(world.store(), *world.mailboxes, kAnn, world.executor.wall()));
  auto create = [&](std::string name) {
    return run_ok(world.executor,
                  world.mailboxes->create(kAnn, std::move(name), Role::none, world.executor.wall()))
        .first;
  };
  EXPECT_EQ(create("a/b/c/d"), TreeCode::too_many) << "and none of the superiors is made";
  EXPECT_EQ(create("a/b/c"), TreeCode::ok);
  EXPECT_EQ(create("e"), TreeCode::too_many);
  auto rename =
      run_ok(world.executor, world.mailboxes->rename(kAnn, "a", "x/y", world.executor.wall()));
  EXPECT_EQ(rename, TreeCode::too_many) << "x would be the tenth";
  auto subscribe = [&](std::string name) {
    return run_ok(world.executor, world.mailboxes->subscribe(kAnn, std::move(name), true));
  };
  EXPECT_EQ(subscribe("1"), TreeCode::ok);
  EXPECT_EQ(subscribe("2"), TreeCode::ok);
  EXPECT_EQ(subscribe("3"), TreeCode::too_many);
  EXPECT_EQ(subscribe("2"), TreeCode::ok) << "it is subscribed already";
}

TEST_F(TreeTest, ARenameTakesTheInferiorsAlong) {
  MailboxId c = made("a/b/c");
  MailboxId bc = made("a/bc");
  deliver_to(c, "x");
  UidValidity validity = find("a/b/c")->uid_validity;
  EXPECT_EQ(rename("a/b", "z/y"), TreeCode::ok);
  EXPECT_EQ(names(), (Strings{"a", "a/bc", "z", "z/y", "z/y/c"}));
  EXPECT_EQ(find("z/y/c")->id, c);
  EXPECT_EQ(find("z/y/c")->uid_validity, validity);
  EXPECT_EQ(find("z/y/c")->messages, 1u);
  EXPECT_EQ(find("a/bc")->id, bc);
  EXPECT_EQ(open(c)->record().name, "z/y/c") << "views know it too";
  EXPECT_EQ(rename("a/b", "q"), TreeCode::no_mailbox);
  EXPECT_EQ(rename("a", "z"), TreeCode::exists);
  EXPECT_EQ(rename("a", "a"), TreeCode::exists);
  EXPECT_EQ(rename("z", "z/y/q"), TreeCode::not_allowed) << "no mailbox is its own child";
  EXPECT_EQ(rename("a", "b\r\n"), TreeCode::bad_name);
  EXPECT_EQ(rename("a", "inbox"), TreeCode::exists);
  EXPECT_EQ(rename("z", std::string(995, 'n')), TreeCode::ok);
  EXPECT_EQ(rename(std::string(995, 'n'), std::string(999, 'n')), TreeCode::bad_name)
      << "an inferior's name would be too long";
  clean();
}

TEST_F(TreeTest, ALevelWithoutAMailboxCanBeRenamed) {
  MailboxId a = made("a");
  made("a/b");
  EXPECT_EQ(remove(a), TreeCode::ok);
  EXPECT_EQ(names(), Strings{"a/b"});
  EXPECT_EQ(rename("a", "c"), TreeCode::ok);
  EXPECT_EQ(names(), Strings{"c/b"});
  clean();
}

TEST_F(TreeTest, ANameUsedAgainHasAHigherUidValidity) {
  MailboxId old = made("a");
  made("b");
  UidValidity a = find("a")->uid_validity;
  UidValidity b = find("b")->uid_validity;
  EXPECT_EQ(remove(old), TreeCode::ok);
  MailboxId again = made("a");
  EXPECT_NE(again, old) << "ids are never used again";
  EXPECT_GT(find("a")->uid_validity, a);
  UidValidity younger = find("a")->uid_validity;
  EXPECT_EQ(remove(again), TreeCode::ok);
  EXPECT_EQ(rename("b", "a"), TreeCode::ok);
  EXPECT_GT(find("a")->uid_validity, younger) << "b was older than what had the name before";
  EXPECT_GT(find("a")->uid_validity, b);
  clean();
}

TEST_F(TreeTest, RenamingInboxMovesItsMessagesAndNothingElse) {
  made("INBOX/sub");
  deliver_many(300);
  flag(uids({2}), Mode::add, {Flags::flagged, 0});
  auto pinned = open();
  EXPECT_EQ(rename("INBOX", "old/mail"), TreeCode::ok);
  EXPECT_EQ(names(), (Strings{"INBOX/sub", "old", "old/mail"}));
  auto moved = open(find("old/mail")->id);
  EXPECT_EQ(moved->count(), 300u);
  EXPECT_EQ(moved->at(2).flags.system, Flags::flagged);
  EXPECT_EQ(open()->count(), 0u);
  EXPECT_EQ(find("INBOX")->id, kInbox);
  EXPECT_EQ(deliver("x").uid, Uid(301));
  EXPECT_EQ(rename("INBOX", "INBOX/again"), TreeCode::ok);
  EXPECT_EQ(find("INBOX/again")->messages, 1u);
  EXPECT_EQ(rename("INBOX", "empty"), TreeCode::ok);
  EXPECT_EQ(find("empty")->messages, 0u);
  EXPECT_EQ(rename("INBOX", "empty"), TreeCode::exists);
  clean();
}

TEST_F(TreeTest, ARemovedMailboxIsGoneAndItsMessagesAreRetained) {
  MailboxId a = made("a");
  made("a/b");
  for (int i = 0; i < 300; ++i) deliver_to(a, "text");
  auto view = open(a);
  std::vector<std::shared_ptr<const Change>> changes;
  auto handle = boxes().watch(kAnn, [&](const auto& change) { changes.push_back(change); });
  EXPECT_EQ(remove(kInbox), TreeCode::not_allowed);
  EXPECT_EQ(remove(MailboxId(99)), TreeCode::no_mailbox);
  EXPECT_TRUE(changes.empty());
  EXPECT_EQ(remove(a), TreeCode::ok);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_TRUE(changes[0]->mailbox == a && changes[0]->removed);
  EXPECT_TRUE(changes[1]->mailbox == MailboxId(0) && !changes[1]->removed);
  EXPECT_GT(changes[1]->mod_seq, changes[0]->mod_seq);
  EXPECT_EQ(remove(a), TreeCode::no_mailbox);
  EXPECT_EQ(names(), Strings{"a/b"}) << "the inferior stays";
  EXPECT_EQ(find("a"), std::nullopt);
  EXPECT_EQ(open(a), nullptr);
  EXPECT_EQ(run_ok(executor(), boxes().status(kAnn, a)), std::nullopt);
  Arrival late;
  late.mailbox = a;
  EXPECT_EQ(append(late, "x").first, AppendCode::no_mailbox);
  EXPECT_EQ(use().messages, 0u);
  EXPECT_TRUE(run_ok(executor(), boxes().email(kAnn, view->at(1).email)).has_value());
  clean();
  EXPECT_EQ(run_ok(executor(), boxes().sweep_expunged(kAnn, executor().wall() + 1h)), 300u);
  EXPECT_EQ(run_ok(executor(), store().sweep_bodies()), 300u);
  clean();
}

TEST_F(TreeTest, TheSweepFinishesARemovalThatWasCutShort) {
  MailboxId a = made("a");
  for (int i = 0; i < 10; ++i) deliver_to(a, "text");
  // What the first commit leaves: `b` leaving, no `n`.
  auto value_of = [&](std::string key) {
    return *run_ok(executor(), store().snapshot()->get(std::move(key)));
  };
  About about = *decode_about(value_of(keys::about(kAnn, a)));
  AccountNumbers account = *decode_account(value_of(keys::account(kAnn)));
  account.mod_seq = about.removed = account.mod_seq.next();
  about.removed_at = executor().wall();
  account.retained_messages += std::exchange(account.messages, 0);
  account.retained_octets += std::exchange(account.octets, 0);
  store::Batch batch;
  batch.put(keys::about(kAnn, a), encode(about)).erase(keys::numbers(kAnn, a));
  batch.put(keys::account(kAnn), encode(account));
  run_ok(executor(), store().commit(std::move(batch)));
  world_.reopen();
  EXPECT_EQ(find("a"), std::nullopt);
  EXPECT_EQ(open(a), nullptr);
  clean();
  EXPECT_EQ(run_ok(executor(), boxes().sweep_expunged(kAnn, executor().wall() - 1h)), 0u);
  auto there = run_ok(executor(), boxes().expunged(kAnn, WallTime{}, 100));
  EXPECT_EQ(there.size(), 10u);
  auto key = keys::about(kAnn, a);
  EXPECT_FALSE(run_ok(executor(), store().snapshot()->get(std::move(key))).has_value());
  clean();
}

TEST_F(TreeTest, NamesAreSubscribedWhetherTheyExistOrNot) {
  Strings first{"Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"};
  EXPECT_EQ(subscriptions(), first);
  EXPECT_EQ(subscribe("x/y/", true), TreeCode::ok);
  EXPECT_EQ(subscribe("a//b", true), TreeCode::bad_name);
  MailboxId y = made("x/y");
  EXPECT_TRUE(find("x/y")->subscribed);
  EXPECT_FALSE(find("x")->subscribed);
  // RFC 3501 §6.3.9: it stays subscribed when the mailbox goes.
  EXPECT_EQ(remove(y), TreeCode::ok);
  Strings with{"Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash", "x/y"};
  EXPECT_EQ(subscriptions(), with);
  EXPECT_EQ(subscribe("x/y", false), TreeCode::ok);
  EXPECT_EQ(subscribe("never", false), TreeCode::ok);
  EXPECT_EQ(subscriptions(), first);
  EXPECT_EQ(rename("Junk", "Spam"), TreeCode::ok);
  EXPECT_EQ(subscriptions(), first) << "a rename subscribes to nothing, and ends nothing";
  EXPECT_EQ(find("Spam")->role, Role::junk);
  clean();
}

TEST_F(TreeTest, ASubscriptionOfVersion1IsOne) {
  MailboxId a = made("a");
  auto key = keys::about(kAnn, a);
  auto value = run_ok(executor(), store().snapshot()->get(key));
  About about = *decode_about(*value);
  about.subscribed = true;
  store::Batch batch;
  batch.put(key, encode(about));
  run_ok(executor(), store().commit(std::move(batch)));
  world_.reopen();
  EXPECT_TRUE(find("a")->subscribed);
  EXPECT_EQ(rename("a", "b"), TreeCode::ok);
  EXPECT_FALSE(find("b")->subscribed);
  Strings names = subscriptions();
  EXPECT_TRUE(std::ranges::binary_search(names, "a"));
  EXPECT_EQ(subscribe("a", false), TreeCode::ok);
  EXPECT_EQ(subscriptions().size(), 6u);
}

TEST_F(TreeTest, EveryChangeOfTheTreeIsTold) {
  std::vector<std::shared_ptr<const Change>> changes;
  auto handle = boxes().watch(kAnn, [&](const auto& change) { changes.push_back(change); });
  made("a/b");
  rename("a", "c");
  subscribe("c", true);
  ASSERT_EQ(changes.size(), 3u);
  ModSeq last;
  for (const auto& change : changes) {
    EXPECT_EQ(change->mailbox, MailboxId(0));
    EXPECT_EQ(change->account, kAnn);
    EXPECT_FALSE(change->removed);
    EXPECT_GT(change->mod_seq, last);
    last = change->mod_seq;
  }
}

}  // namespace
}  // namespace posta::mailbox
