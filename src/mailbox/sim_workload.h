// sim_workload.h: deliveries, flags, expunges, sweeps and readers of two accounts, as tasks of one
// world, and what they have been told. For mailbox_sim_test.cc.
#pragma once

#include <map>
#include <set>

#include "mailbox/test_world.h"
#include "runtime/sleep.h"

namespace posta::mailbox::testing {

using namespace std::chrono_literals;
using runtime::sim::Random;

// What the change feed says, replayed.
struct Replay {
  struct Box {
    std::map<Uid, MessageState> rows;
    ModSeq mod_seq = kFirstModSeq;
    Uid last;
    bool removed = false;
  };
  std::map<std::pair<AccountId, MailboxId>, Box> boxes;
  std::map<AccountId, ModSeq> account_mod_seqs;

  ModSeq& account_mod_seq(AccountId account) {
    return account_mod_seqs.try_emplace(account, kFirstModSeq).first->second;
  }

  void apply(const Change& change) {
    EXPECT_GT(change.mod_seq, account_mod_seq(change.account)) << "modseqs only grow";
    account_mod_seq(change.account) = change.mod_seq;
    if (!change.mailbox) return;  // the tree
    Box& box = boxes[{change.account, change.mailbox}];
    EXPECT_FALSE(box.removed) << "a change of a mailbox that is gone";
    box.mod_seq = change.mod_seq;
    box.removed = change.removed;
    if (box.removed) box.rows.clear();
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

inline std::string rows_text(const View& view) {
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
  std::set<Place> expunge_asked;                            // or moved
  std::set<std::pair<AccountId, EmailId>> end_asked;        // e-mails that somebody expunged
  std::set<std::pair<AccountId, MailboxId>> removal_asked;  // or, of INBOX, a rename
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
  // Messages of removed mailboxes: they will be swept.
  void note_removed(AccountId account, const std::vector<Expunged>& ended) {
    for (const auto& one : ended)
      if (one.mailbox != kInbox && removal_asked.contains({account, one.mailbox}))
        end_asked.emplace(account, one.state.email);
  }
  bool may_be_gone(const Place& place) {
    auto [account, mailbox, uid] = place;
    return expunge_asked.contains(place) || removal_asked.contains({account, mailbox});
  }
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

inline Task<> pause(Workload& w) {
  co_await runtime::sleep_for(std::chrono::microseconds(w.random.below(3000)));
}

inline Task<> appender(Workload& w, int count) {
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

inline store::Batch letter_batch(Workload& w, const std::shared_ptr<Letter>& letter,
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

inline Task<> deliverer(Workload& w, int count) {
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
inline std::vector<Uid> some_uids(Workload& w, const View& view, unsigned percent) {
  std::vector<Uid> some;
  for (const auto& state : states_of(view))
    if (w.random.chance(percent)) some.push_back(state.uid);
  if (w.random.chance(20)) some.emplace_back(static_cast<std::uint32_t>(1 + w.random.below(2000)));
  std::ranges::sort(some);
  return some;
}

inline Task<> flagger(Workload& w, int count) {
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

inline Task<> expunger(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    AccountId account = w.any_account();
    MailboxId mailbox = w.any_mailbox();
    auto view = co_await w.boxes().open(account, mailbox);
    if (!view) continue;
    auto some = some_uids(w, **view, w.random.chance(5) ? 100 : 10);
    Uid next = (*view)->record().uid_next;
    std::erase_if(some, [&](Uid uid) { return uid >= next; });  // whose e-mail is not known
    if (w.random.chance(50)) co_await pause(w);
    for (Uid uid : some) w.expunge_asked.emplace(account, mailbox, uid);
    for (const auto& state : states_of(**view))
      if (std::ranges::binary_search(some, state.uid)) w.end_asked.emplace(account, state.email);
    auto gone = co_await w.boxes().expunge(account, mailbox, some, w.world.executor.wall());
    if (!gone) {
      ++w.refused;
      continue;
    }
    for (Uid uid : *gone)
      EXPECT_TRUE(w.expunge_done.emplace(account, mailbox, uid).second) << "expunged twice";
  }
}

inline Task<> sweeper(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    co_await pause(w);
    WallTime before = w.world.executor.wall() - 20ms;
    auto swept = co_await w.boxes().sweep_expunged(w.any_account(), before);
    if (!swept) ++w.refused;
    auto bodies = co_await w.store().sweep_bodies();
    if (!bodies) ++w.refused;
  }
}

inline Task<> reader(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    co_await pause(w);
    AccountId account = w.any_account();
    MailboxId mailbox = w.any_mailbox();
    auto opened = co_await w.boxes().open(account, mailbox);
    if (!opened) continue;
    const View& view = **opened;
    auto& box = w.replay.boxes[{account, mailbox}];
    EXPECT_LE(view.record().mod_seq, w.replay.account_mod_seq(account))
        << "nothing is seen before it is durable";
    if (view.record().mod_seq == box.mod_seq)
      EXPECT_EQ(rows_text(view), w.replay.text(account, mailbox));
    if (view.count() == 0) continue;
    MessageState state = view.at(static_cast<std::uint32_t>(1 + w.random.below(view.count())));
    auto email = co_await w.boxes().email(account, state.email);
    if (!email || !*email) continue;  // swept since
    EXPECT_EQ((*email)->size(), state.size);
  }
}

}  // namespace posta::mailbox::testing
