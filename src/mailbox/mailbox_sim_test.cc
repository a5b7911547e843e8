// Deliveries, flags, expunges, sweeps and readers at once, on virtual time, for many seeds: house
// D7.3 (uids and modseqs only grow; who replays Changes sees what who looks afresh sees), nothing
// acknowledged is lost or doubled, every count exact; over crashes and failed commits too.
#include "mailbox/mailbox.h"

#include <cstdlib>

#include "base/text.h"
#include "mailbox/test_world.h"
#include "runtime/sleep.h"

namespace posta::mailbox {
namespace {

using namespace posta::mailbox::testing;
using namespace std::chrono_literals;
using runtime::sim::Random;

// What the change feed says, replayed.
struct Replay {
  struct Box {
    std::map<Uid, MessageState> rows;
    ModSeq mod_seq;
    Uid last;
  };
  std::map<std::pair<AccountId, MailboxId>, Box> boxes;
  std::map<AccountId, ModSeq> account_mod_seq;

  void apply(const Change& change) {
    Box& box = boxes[{change.account, change.mailbox}];
    EXPECT_GT(change.mod_seq, account_mod_seq[change.account]) << "modseqs only grow";
    account_mod_seq[change.account] = box.mod_seq = change.mod_seq;
    for (Uid uid : change.expunged) EXPECT_EQ(box.rows.erase(uid), 1u) << "expunged twice";
    for (const auto& state : change.flagged) {
      EXPECT_TRUE(box.rows.contains(state.uid)) << "flags of a message that is gone";
      EXPECT_EQ(state.mod_seq, change.mod_seq);
      box.rows[state.uid] = state;
    }
    for (const auto& state : change.added) {
      EXPECT_GT(state.uid, box.last) << "uids only grow";
      EXPECT_EQ(state.mod_seq, change.mod_seq);
      box.last = state.uid;
      box.rows[state.uid] = state;
    }
  }

  std::string text(AccountId account, MailboxId mailbox) {
    std::string text;
    for (const auto& [uid, state] : boxes[{account, mailbox}].rows) text += text_of(state) + "\n";
    return text;
  }
};

std::string rows_text(const View& view) {
  std::string text;
  for (const auto& state : states_of(view)) text += text_of(state) + "\n";
  return text;
}

// What the tasks of one world share.
struct Workload {
  World& world;
  Random random;
  Replay replay;
  bool stopping = false;
  int refused = 0;  // by errors of the world
  std::vector<std::shared_ptr<void>> watches;
  using Place = std::tuple<AccountId, MailboxId, Uid>;
  std::map<Place, EmailId> acknowledged;
  std::set<EmailId> emails_of_ann;
  std::set<Place> expunge_asked;
  std::set<Place> expunge_done;
  std::map<Place, ModSeq> seen_at;  // what readers saw last

  Workload(World& w, std::uint64_t seed) : world(w), random(seed) {}
  store::Store& store() { return world.store(); }
  Mailboxes& boxes() { return *world.mailboxes; }

  void watch() {
    watches.clear();
    for (AccountId account : {kAnn, kBob})
      watches.push_back(
          boxes().watch(account, [this](const auto& change) { replay.apply(*change); }));
  }
  AccountId any_account() { return random.chance(70) ? kAnn : kBob; }
  MailboxId any_mailbox() { return random.chance(80) ? kInbox : MailboxId(4); }
  Arrival any_arrival() {
    Arrival arrival;
    arrival.mailbox = any_mailbox();
    arrival.prefix = std::string(random.below(30), 'p');
    arrival.internal_date = world.executor.wall();
    if (random.chance(10)) arrival.flags.system = Flags::seen | Flags::deleted;
    if (random.chance(10)) arrival.keywords = {"k" + std::to_string(random.below(5))};
    for (std::uint64_t i = random.below(4); i > 0; --i)
      arrival.thread_keys.push_back(random.below(50));
    return arrival;
  }
  void acknowledge(AccountId account, MailboxId mailbox, const Appended& appended) {
    EXPECT_TRUE(acknowledged.emplace(Place(account, mailbox, appended.uid), appended.email).second)
        << "a uid was given twice";
    if (account == kAnn)
      EXPECT_TRUE(emails_of_ann.insert(appended.email).second) << "an e-mail id was given twice";
  }
};

Task<> pause(Workload& w) {
  co_await runtime::sleep_for(std::chrono::microseconds(w.random.below(3000)));
}

Task<> appender(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    AccountId account = w.any_account();
    Arrival arrival = w.any_arrival();
    MailboxId mailbox = arrival.mailbox;
    std::string text(w.random.below(200), 'x');
    auto appended = co_await append_text(w.store(), w.boxes(), account, std::move(arrival), text);
    if (!appended) {
      ++w.refused;
      continue;
    }
    EXPECT_EQ(appended->first, AppendCode::ok);
    w.acknowledge(account, mailbox, appended->second);
    if (w.random.chance(30)) co_await pause(w);
  }
}

// As the queue does it: one letter, one body, several recipients, one batch.
struct Letter {
  std::vector<std::pair<AccountId, Arrival>> recipients;
  std::vector<Appended> appended;
};

store::Batch letter_batch(Workload& w, const std::shared_ptr<Letter>& letter,
                          std::unique_ptr<store::BodyWriter> body) {
  store::Batch batch;
  for (std::size_t i = 0; i < letter->recipients.size(); ++i) {
    auto& [account, arrival] = letter->recipients[i];
    arrival.body = body->ref();
    batch.at_turn(partition_of(account), [&w, letter, i](store::Turn& turn) {
      auto& [to, what] = letter->recipients[i];
      AppendCode code = w.boxes().append_at_turn(turn, to, what, letter->appended[i]);
      if (code == AppendCode::no_head) return store::kNoHead;
      EXPECT_EQ(code, AppendCode::ok);
      return store::kAccept;
    });
  }
  batch.take(std::move(body));
  return batch;
}

Task<> deliverer(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    auto letter = std::make_shared<Letter>();
    for (std::uint64_t n = 1 + w.random.below(3); n > 0; --n)
      letter->recipients.emplace_back(w.any_account(), w.any_arrival());
    letter->appended.resize(letter->recipients.size());
    auto written = co_await write_body(w.store(), std::string(w.random.below(300), 'y'));
    CHECK(written.has_value());
    auto body = std::move(*written);
    for (;;) {
      bool loaded = true;
      for (std::size_t r = 0; r < letter->recipients.size(); ++r) {
        auto load = co_await w.boxes().load(letter->recipients[r].first);
        loaded = loaded && load.has_value();
      }
      auto batch = letter_batch(w, letter, std::move(body));
      auto committed = co_await w.store().commit(std::move(batch));
      if (!committed || !loaded) {
        ++w.refused;
        break;
      }
      if (committed->ok()) {
        for (std::size_t r = 0; r < letter->recipients.size(); ++r)
          w.acknowledge(letter->recipients[r].first, letter->recipients[r].second.mailbox,
                        letter->appended[r]);
        break;
      }
      CHECK(committed->bodies.size() == 1);
      body = std::move(committed->bodies[0]);
    }
  }
}

// Some uids of a view, and some that are not there.
std::vector<Uid> some_uids(Workload& w, const View& view, unsigned percent) {
  std::vector<Uid> some;
  for (const auto& state : states_of(view))
    if (w.random.chance(percent)) some.push_back(state.uid);
  if (w.random.chance(20)) some.emplace_back(static_cast<std::uint32_t>(1 + w.random.below(2000)));
  return some;
}

Task<> flagger(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    AccountId account = w.any_account();
    MailboxId mailbox = w.any_mailbox();
    auto view = co_await w.boxes().open(account, mailbox);
    if (!view) continue;
    auto some = some_uids(w, **view, static_cast<unsigned>(w.random.below(2) ? 90 : 5));
    auto mode = static_cast<Mailboxes::FlagMode>(w.random.below(3));
    Flags flags{static_cast<std::uint8_t>(w.random.below(32)), 0};
    if (w.random.chance(50)) co_await pause(w);
    auto stored = co_await w.boxes().store_flags(account, mailbox, std::move(some), mode, flags);
    if (!stored) ++w.refused;
  }
}

Task<> expunger(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    AccountId account = w.any_account();
    MailboxId mailbox = w.any_mailbox();
    auto view = co_await w.boxes().open(account, mailbox);
    if (!view) continue;
    auto some = some_uids(w, **view, w.random.chance(5) ? 100 : 10);
    if (w.random.chance(50)) co_await pause(w);
    for (Uid uid : some) w.expunge_asked.emplace(account, mailbox, uid);
    auto gone = co_await w.boxes().expunge(account, mailbox, some, w.world.executor.wall());
    if (!gone) {
      ++w.refused;
      continue;
    }
    for (Uid uid : *gone)
      EXPECT_TRUE(w.expunge_done.emplace(account, mailbox, uid).second) << "expunged twice";
  }
}

Task<> sweeper(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    co_await pause(w);
    WallTime before = w.world.executor.wall() - 20ms;
    auto swept = co_await w.boxes().sweep_expunged(w.any_account(), before);
    if (!swept) ++w.refused;
    auto bodies = co_await w.store().sweep_bodies();
    if (!bodies) ++w.refused;
  }
}

Task<> reader(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    co_await pause(w);
    AccountId account = w.any_account();
    MailboxId mailbox = w.any_mailbox();
    auto opened = co_await w.boxes().open(account, mailbox);
    if (!opened) continue;
    const View& view = **opened;
    auto& box = w.replay.boxes[{account, mailbox}];
    EXPECT_LE(view.record().mod_seq, box.mod_seq) << "nothing is seen before it is durable";
    if (view.record().mod_seq == box.mod_seq)
      EXPECT_EQ(rows_text(view), w.replay.text(account, mailbox));
    if (view.count() == 0) continue;
    MessageState state = view.at(static_cast<std::uint32_t>(1 + w.random.below(view.count())));
    auto email = co_await w.boxes().email(account, state.email);
    if (!email || !*email) continue;  // swept since
    EXPECT_EQ((*email)->size(), state.size);
  }
}

void check_all(Workload& w) {
  SimExecutor& executor = w.world.executor;
  for (AccountId account : {kAnn, kBob}) {
    EXPECT_EQ(run_ok(executor, check_account(w.store().snapshot(), account)),
              std::vector<std::string>{});
    for (MailboxId mailbox : {kInbox, MailboxId(4)}) {
      auto view = run_ok(executor, w.boxes().open(account, mailbox));
      auto afresh = run_ok(executor, read_view(w.store().snapshot(), account, mailbox));
      EXPECT_EQ(text_of(*view), text_of(*afresh));
      EXPECT_EQ(rows_text(*view), w.replay.text(account, mailbox));
    }
  }
}

// What was acknowledged is there, unless somebody asked for its end.
void check_acknowledged(Workload& w) {
  for (const auto& [place, email] : w.acknowledged) {
    auto [account, mailbox, uid] = place;
    auto view = run_ok(w.world.executor, w.boxes().open(account, mailbox));
    auto n = view->sequence_of(uid);
    if (w.expunge_done.contains(place)) EXPECT_FALSE(n.has_value()) << "expunged, and there";
    if (n) EXPECT_EQ(view->at(*n).email, email);
    if (!n) EXPECT_TRUE(w.expunge_asked.contains(place)) << "uid " << uid.value << " was lost";
  }
}

void spawn_all(Workload& w, runtime::Nursery& nursery, int scale) {
  for (int i = 0; i < 4; ++i) nursery.spawn(appender(w, scale));
  for (int i = 0; i < 4; ++i) nursery.spawn(deliverer(w, scale));
  for (int i = 0; i < 3; ++i) nursery.spawn(flagger(w, scale));
  for (int i = 0; i < 2; ++i) nursery.spawn(expunger(w, scale / 2));
  for (int i = 0; i < 2; ++i) nursery.spawn(reader(w, scale));
  nursery.spawn(sweeper(w, scale / 2));
}

void create_both(Workload& w) {
  for (AccountId account : {kAnn, kBob})
    run_ok(w.world.executor,
           create_account(w.store(), w.boxes(), account, w.world.executor.wall()));
}

// How many seeds: POSTA_SIM_SEEDS, or a few.
std::uint64_t seeds() {
  const char* asked = std::getenv("POSTA_SIM_SEEDS");
  return asked ? to_number<std::uint64_t>(asked).value_or(30) : 30;
}

TEST(MailboxSim, ReplayingChangesEqualsLookingAfresh) {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    SCOPED_TRACE(seed);
    Limits limits;
    if (seed % 2 == 0) limits.view_cache_octets_max = 2_KiB;  // views go and are loaded again
    World world(seed, limits);
    Workload w(world, seed * 77);
    create_both(w);
    w.watch();
    runtime::Nursery nursery(world.executor);
    spawn_all(w, nursery, 20);
    world.executor.run();
    ASSERT_EQ(nursery.size(), 0u);
    EXPECT_EQ(w.refused, 0);
    check_all(w);
    check_acknowledged(w);
    if (HasFailure()) break;
  }
}

// The disk is full now and then: whole groups fail, heads are dropped, and nothing is half done.
Task<> disk_filler(Workload& w, int count) {
  for (int i = 0; i < count; ++i) {
    co_await pause(w);
    w.world.disk.set_free(0);
    co_await pause(w);
    w.world.disk.set_free(1_GiB);
  }
}

TEST(MailboxSim, FailedCommitsLeaveNothing) {
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    Workload w(world, seed * 13);
    create_both(w);
    w.watch();
    runtime::Nursery nursery(world.executor);
    spawn_all(w, nursery, 20);
    nursery.spawn(disk_filler(w, 8));
    world.executor.run();
    ASSERT_EQ(nursery.size(), 0u);
    refused += w.refused;
    check_all(w);
    check_acknowledged(w);
    if (HasFailure()) break;
  }
  EXPECT_GT(refused, 100) << "the disk was never full";
}

// After a crash: what was published is there as it was, but for the last changes, which nobody had
// been told of. Then the replay goes on from what is there.
void check_after_crash(Workload& w) {
  SimExecutor& executor = w.world.executor;
  for (AccountId account : {kAnn, kBob}) {
    EXPECT_EQ(run_ok(executor, check_account(w.store().snapshot(), account)),
              std::vector<std::string>{});
    for (MailboxId mailbox : {kInbox, MailboxId(4)}) {
      auto& box = w.replay.boxes[{account, mailbox}];
      auto view = run_ok(executor, w.boxes().open(account, mailbox));
      std::map<Uid, MessageState> now;
      for (const auto& state : states_of(*view)) {
        now[state.uid] = state;
        if (state.mod_seq <= box.mod_seq)
          EXPECT_EQ(text_of(state), text_of(box.rows[state.uid])) << "not what was published";
      }
      for (const auto& [uid, state] : box.rows)
        if (!now.contains(uid)) EXPECT_TRUE(w.expunge_asked.contains({account, mailbox, uid}));
      EXPECT_GE(view->record().mod_seq, box.mod_seq);
      EXPECT_GT(view->record().uid_next, box.last) << "uids only grow, over a crash too";
      box = {std::move(now), view->record().mod_seq, Uid(view->record().uid_next.value - 1)};
      auto& last = w.replay.account_mod_seq[account];
      last = std::max(last, box.mod_seq);
    }
  }
  check_acknowledged(w);
}

TEST(MailboxSim, ACrashAtAnyMomentKeepsTheLaws) {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    Workload w(world, seed * 5);
    create_both(w);
    for (int crash = 0; crash < 4; ++crash) {
      w.watch();
      w.stopping = false;
      {
        runtime::Nursery nursery(world.executor);
        spawn_all(w, nursery, 30);
        world.executor.run_for(std::chrono::microseconds(w.random.below(60'000)));
        w.stopping = true;
        world.memory->crash();
        world.executor.run();
        ASSERT_EQ(nursery.size(), 0u);
      }
      w.watches.clear();
      world.reopen();
      check_after_crash(w);
      if (HasFailure()) return;
    }
    w.watch();
    w.stopping = false;
    runtime::Nursery nursery(world.executor);
    spawn_all(w, nursery, 5);
    world.executor.run();
    check_all(w);
    check_acknowledged(w);
    if (HasFailure()) return;
  }
}

TEST(MailboxSim, AThousandDeliveriesAtOnceWithChangesBetweenThem) {
  World world(4711);
  Workload w(world, 815);
  create_both(w);
  w.watch();
  runtime::Nursery nursery(world.executor);
  for (int i = 0; i < 1000; ++i) nursery.spawn(appender(w, 1));
  for (int i = 0; i < 20; ++i) nursery.spawn(flagger(w, 10));
  for (int i = 0; i < 5; ++i) nursery.spawn(expunger(w, 5));
  world.executor.run();
  ASSERT_EQ(nursery.size(), 0u);
  EXPECT_EQ(w.acknowledged.size(), 1000u);
  EXPECT_EQ(w.refused, 0);
  check_all(w);
  check_acknowledged(w);
}

}  // namespace
}  // namespace posta::mailbox
