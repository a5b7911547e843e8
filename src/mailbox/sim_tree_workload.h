// sim_tree_workload.h: copies, moves, conditional flags, claims of \Recent, undelete, and a tree of
// mailboxes that changes under them. For mailbox_sim_test.cc.
#pragma once

#include "mailbox/sim_workload.h"

namespace posta::mailbox::testing {

struct TreeWorkload {
  int copied = 0;
  // What a name stood for when somebody last looked.
  std::map<std::pair<AccountId, std::string>, std::pair<MailboxId, UidValidity>> known;
  std::map<std::pair<AccountId, MailboxId>, std::map<Uid, Uid>> claimed;  // first to end
};

// One of the account's mailboxes, INBOX more often than others.
inline Task<MailboxId> some_mailbox(Workload& w, AccountId account) {
  if (w.random.chance(40)) co_return kInbox;
  auto list = co_await w.boxes().list(account);
  if (!list || list->empty()) co_return kInbox;
  co_return (*list)[static_cast<std::size_t>(w.random.below(list->size()))].id;
}

inline Task<> copier(Workload& w, TreeWorkload& t, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    AccountId account = w.any_account();
    MailboxId from = co_await some_mailbox(w, account);
    MailboxId to = co_await some_mailbox(w, account);
    auto view = co_await w.boxes().open(account, from);
    if (!view || !*view) continue;
    auto some = some_uids(w, **view, w.random.chance(10) ? 100 : 20);
    bool moving = w.random.chance(50);
    if (w.random.chance(50)) co_await pause(w);
    if (moving)
      for (Uid uid : some) w.expunge_asked.emplace(account, from, uid);
    WallTime now = w.world.executor.wall();
    const Gone gone = w.random.chance(50) ? Gone::passed_over : Gone::refused;
    auto said = moving ? co_await w.boxes().move(account, from, some, to, gone, now)
                       : co_await w.boxes().copy(account, from, some, to, {}, gone, now);
    if (!said) {
      ++w.refused;
      continue;
    }
    auto& [code, copied] = *said;
    if (code != CopyCode::ok) continue;
    EXPECT_EQ(copied.from.size(), copied.to.size());
    EXPECT_TRUE(std::ranges::is_sorted(copied.from) && std::ranges::is_sorted(copied.to));
    for (std::size_t k = 0; k < copied.from.size(); ++k) {
      auto n = (*view)->sequence_of(copied.from[k]);
      if (!n) continue;  // a guess at a uid that came meanwhile
      EmailId email = (*view)->at(*n).email;
      EXPECT_TRUE(w.acknowledged.emplace(Workload::Place(account, to, copied.to[k]), email).second)
          << "a uid was given twice";
      if (moving)
        EXPECT_TRUE(w.expunge_done.emplace(account, from, copied.from[k]).second)
            << "moved twice, or expunged and moved";
      ++t.copied;
    }
  }
}

inline Task<> storer(Workload& w, TreeWorkload&, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    AccountId account = w.any_account();
    MailboxId mailbox = co_await some_mailbox(w, account);
    auto view = co_await w.boxes().open(account, mailbox);
    if (!view || !*view) continue;
    FlagsWanted wanted;
    wanted.uids = some_uids(w, **view, 30);
    wanted.mode = static_cast<FlagsWanted::Mode>(w.random.below(3));
    wanted.system = static_cast<std::uint8_t>(w.random.below(32));
    if (w.random.chance(50)) wanted.keywords = {"K" + std::to_string(w.random.below(6)), "all"};
    ModSeq since = (*view)->record().mod_seq;
    if (w.random.chance(50)) wanted.unchanged_since = since;
    auto asked = wanted.uids;
    bool conditional = wanted.unchanged_since.has_value();
    if (w.random.chance(50)) co_await pause(w);
    auto stored = co_await w.boxes().store(account, mailbox, std::move(wanted));
    if (!stored) {
      ++w.refused;
      continue;
    }
    if (!conditional) EXPECT_TRUE(stored->modified.empty());
    for (Uid uid : stored->modified) EXPECT_TRUE(std::ranges::binary_search(asked, uid));
    if (stored->mod_seq) EXPECT_GT(stored->mod_seq, since);
  }
}

// Makes, renames, removes and subscribes.
inline Task<> planter(Workload& w, TreeWorkload&, int count) {
  auto name = [&] {
    static constexpr const char* kNames[] = {"a", "a/b", "a/b/c", "b", "b/c", "c", "INBOX/d"};
    return std::string(kNames[w.random.below(std::size(kNames))]);
  };
  for (int i = 0; i < count && !w.stopping; ++i) {
    co_await pause(w);
    AccountId account = w.any_account();
    WallTime now = w.world.executor.wall();
    bool ok = true;
    std::uint64_t what = w.random.below(20);
    if (what < 8) {
      ok = (co_await w.boxes().create(account, name(), Role::none, now)).has_value();
    } else if (what < 12) {
      ok = (co_await w.boxes().rename(account, name(), name(), now)).has_value();
    } else if (what == 12) {
      w.removal_asked.emplace(account, kInbox);
      ok = (co_await w.boxes().rename(account, "inbox", name(), now)).has_value();
    } else if (what < 17) {
      auto found = co_await w.boxes().find(account, name());
      if (!found || !*found || (*found)->id == kInbox) continue;
      MailboxId id = (*found)->id;
      w.removal_asked.emplace(account, id);
      // Not swept before it is looked at.
      auto removed = co_await w.boxes().remove_mailbox(account, id, now + 100ms);
      ok = removed.has_value();
      if (ok && *removed == TreeCode::ok) {
        auto ended = co_await w.boxes().expunged(account, WallTime{}, 1'000'000);
        if (ended) w.note_removed(account, *ended);
        auto view = co_await w.boxes().open(account, id);
        if (view) EXPECT_EQ(*view, nullptr) << "removed, and there";
      }
    } else {
      ok = (co_await w.boxes().subscribe(account, name(), w.random.chance(50))).has_value();
    }
    if (!ok) ++w.refused;
  }
}

inline Task<> claimer(Workload& w, TreeWorkload& t, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    co_await pause(w);
    AccountId account = w.any_account();
    MailboxId mailbox = w.any_mailbox();
    auto claimed = co_await w.boxes().claim_recent(account, mailbox);
    if (!claimed) {
      ++w.refused;
      continue;
    }
    if (claimed->first == claimed->end) continue;
    auto& others = t.claimed[{account, mailbox}];
    auto after = others.lower_bound(claimed->first);
    if (after != others.end()) EXPECT_LE(claimed->end, after->first) << "recent for two";
    if (after != others.begin()) EXPECT_LE(std::prev(after)->second, claimed->first);
    others.emplace(claimed->first, claimed->end);
  }
}

inline Task<> undeleter(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    co_await pause(w);
    AccountId account = w.any_account();
    auto there = co_await w.boxes().expunged(account, WallTime{}, 1 + w.random.below(50));
    if (!there) continue;
    std::erase_if(*there, [&](const Expunged&) { return w.random.chance(50); });
    std::size_t asked = there->size();
    auto back = co_await w.boxes().undelete(account, std::move(*there), w.world.executor.wall());
    if (!back)
      ++w.refused;
    else
      EXPECT_LE(*back, asked);
  }
}

// A session that says the status first, and reads the messages when something has happened.
inline Task<> follower(Workload& w, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    AccountId account = w.any_account();
    MailboxId mailbox = co_await some_mailbox(w, account);
    auto said = co_await w.boxes().status(account, mailbox);
    if (!said || !*said) continue;
    auto before = co_await w.boxes().open(account, mailbox);
    if (w.random.chance(70)) co_await pause(w);
    auto opened = co_await w.boxes().open_since(account, mailbox, **said);
    if (!opened || !*opened || !before || !*before) continue;
    const View& now = *(*opened)->view;
    const Difference& since = (*opened)->since;
    EXPECT_EQ((*said)->messages - since.expunged.size() + since.added, now.count());
    if ((*before)->record().mod_seq != (*said)->mod_seq) continue;
    EXPECT_EQ((*before)->count(), (*said)->messages);
    Difference expected = difference(**before, now);
    EXPECT_EQ(since.expunged, expected.expunged);
    EXPECT_EQ(since.flagged, expected.flagged);
    EXPECT_EQ(since.added, expected.added);
  }
}

// RFC 3501 §2.3.1.1: a name that stands for another mailbox has a higher uidvalidity than ever.
inline Task<> tree_reader(Workload& w, TreeWorkload& t, int count) {
  for (int i = 0; i < count && !w.stopping; ++i) {
    co_await pause(w);
    AccountId account = w.any_account();
    auto list = co_await w.boxes().list(account);
    if (!list) continue;
    std::set<std::string> names;
    for (const auto& m : *list) {
      EXPECT_TRUE(names.insert(m.name).second) << "two mailboxes have one name";
      auto [known, fresh] = t.known.try_emplace({account, m.name}, m.id, m.uid_validity);
      auto& [id, validity] = known->second;
      EXPECT_GE(m.uid_validity, validity);
      if (m.id != id) EXPECT_GT(m.uid_validity, validity);
      known->second = {m.id, m.uid_validity};
    }
  }
}

}  // namespace posta::mailbox::testing
