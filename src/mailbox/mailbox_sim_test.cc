// Deliveries, flags, expunges, sweeps and readers at once, on virtual time, for many seeds: house
// D7.3 (uids and modseqs only grow; who replays Changes sees what who looks afresh sees), nothing
// acknowledged is lost or doubled, every count exact; over crashes and failed commits too.
#include "mailbox/mailbox.h"

#include <cstdlib>

#include "base/text.h"
#include "mailbox/sim_tree_workload.h"
#include "mailbox/sim_workload.h"

namespace posta::mailbox {
namespace {

using namespace posta::mailbox::testing;
using namespace std::chrono_literals;

void check_all(Workload& w) {
  SimExecutor& executor = w.world.executor;
  for (AccountId account : {kAnn, kBob}) {
    EXPECT_EQ(run_ok(executor, check_account(w.store().snapshot(), account)),
              std::vector<std::string>{});
    for (const auto& record : run_ok(executor, w.boxes().list(account))) {
      MailboxId mailbox = record.id;
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
    if (!view) {
      EXPECT_TRUE(w.removal_asked.contains({account, mailbox})) << "a mailbox was lost";
      continue;
    }
    auto n = view->sequence_of(uid);
    if (w.expunge_done.contains(place)) EXPECT_FALSE(n.has_value()) << "expunged, and there";
    if (n) EXPECT_EQ(view->at(*n).email, email);
    if (!n) EXPECT_TRUE(w.may_be_gone(place)) << "uid " << uid.value << " was lost";
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

// The same with copies, moves, conditional flags, claims, and a tree that changes under them.
void spawn_more(Workload& w, TreeWorkload& t, runtime::Nursery& nursery, int scale) {
  spawn_all(w, nursery, scale);
  for (int i = 0; i < 3; ++i) nursery.spawn(copier(w, t, scale));
  for (int i = 0; i < 2; ++i) nursery.spawn(storer(w, t, scale));
  for (int i = 0; i < 2; ++i) nursery.spawn(planter(w, t, scale / 2));
  for (int i = 0; i < 2; ++i) nursery.spawn(claimer(w, t, scale / 2));
  nursery.spawn(undeleter(w, scale / 2));
  nursery.spawn(follower(w, scale));
  nursery.spawn(tree_reader(w, t, scale / 2));
}

// An e-mail that was acknowledged, and that nobody has expunged in any of its mailboxes, nor
// removed such a mailbox, is in one.
void check_emails(Workload& w) {
  SimExecutor& executor = w.world.executor;
  std::set<std::pair<AccountId, EmailId>> placed;
  for (AccountId account : {kAnn, kBob}) {
    for (const auto& record : run_ok(executor, w.boxes().list(account)))
      for (const auto& state : states_of(*run_ok(executor, w.boxes().open(account, record.id))))
        placed.emplace(account, state.email);
    run_ok(executor, w.boxes().sweep_expunged(account, WallTime{}));  // finishes removals
    w.note_removed(account, run_ok(executor, w.boxes().expunged(account, WallTime{}, 1'000'000)));
  }
  for (const auto& [place, email] : w.acknowledged) {
    std::pair owned(std::get<0>(place), email);
    if (!w.end_asked.contains(owned)) EXPECT_TRUE(placed.contains(owned)) << "an e-mail was lost";
  }
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

TEST(MailboxSim, CopiesMovesAndTheTreeKeepTheLaws) {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    SCOPED_TRACE(seed);
    Limits limits;
    limits.gone_records_max = seed % 3 == 0 ? 5 : 10'000;
    if (seed % 2 == 0) limits.view_cache_octets_max = 2_KiB;
    World world(seed, limits);
    Workload w(world, seed * 31);
    TreeWorkload tree;
    create_both(w);
    w.watch();
    runtime::Nursery nursery(world.executor);
    spawn_more(w, tree, nursery, 20);
    world.executor.run();
    ASSERT_EQ(nursery.size(), 0u);
    EXPECT_EQ(w.refused, 0);
    EXPECT_GT(tree.copied, 0);
    check_all(w);
    check_acknowledged(w);
    check_emails(w);
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
    for (const auto& record : run_ok(executor, w.boxes().list(account))) {
      MailboxId mailbox = record.id;
      auto& box = w.replay.boxes[{account, mailbox}];
      EXPECT_FALSE(box.removed) << "removed, and there";
      auto view = run_ok(executor, w.boxes().open(account, mailbox));
      std::map<Uid, MessageState> now;
      for (const auto& state : states_of(*view)) {
        now[state.uid] = state;
        if (state.mod_seq <= box.mod_seq)
          EXPECT_EQ(text_of(state), text_of(box.rows[state.uid])) << "not what was published";
      }
      for (const auto& [uid, state] : box.rows)
        if (!now.contains(uid)) EXPECT_TRUE(w.may_be_gone({account, mailbox, uid}));
      EXPECT_GE(view->record().mod_seq, box.mod_seq);
      EXPECT_GT(view->record().uid_next, box.last) << "uids only grow, over a crash too";
      box = {std::move(now), view->record().mod_seq, Uid(view->record().uid_next.value - 1), false};
      auto& last = w.replay.account_mod_seq(account);
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

TEST(MailboxSim, ACrashAmongCopiesAndTreeChangesKeepsTheLaws) {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    Workload w(world, seed * 7);
    TreeWorkload tree;
    create_both(w);
    for (int crash = 0; crash < 4; ++crash) {
      w.watch();
      w.stopping = false;
      {
        runtime::Nursery nursery(world.executor);
        spawn_more(w, tree, nursery, 30);
        world.executor.run_for(std::chrono::microseconds(w.random.below(60'000)));
        w.stopping = true;
        world.memory->crash();
        world.executor.run();
        ASSERT_EQ(nursery.size(), 0u);
      }
      w.watches.clear();
      world.reopen();
      check_after_crash(w);
      check_emails(w);
      if (HasFailure()) return;
    }
    w.watch();
    w.stopping = false;
    runtime::Nursery nursery(world.executor);
    spawn_more(w, tree, nursery, 5);
    world.executor.run();
    check_all(w);
    check_acknowledged(w);
    check_emails(w);
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
