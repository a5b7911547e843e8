// suite_commits.h: preconditions, turns, heads, publications, relaxed commits, limits of groups.
#pragma once

#include "store/suite.h"

namespace posta::store::suite {

TEST_P(StoreSuite, ARequirementThatDoesNotHoldRefusesAndLeavesNothing) {
  auto body = [&]() -> Task<> {
    Batch first;
    first.put("a", "1");
    co_await committed(store(), std::move(first));
    auto taken = co_await body_of(store(), "octets");
    BodyRef ref = taken->ref();
    Batch refused;
    refused.require_absent("a").put("a", "2").put("b", "2").erase_range({"a", ""});
    refused.take(std::move(taken)).link(ref.id, "o").publish("topic", nullptr);
    auto done = co_await committed(store(), std::move(refused));
    EXPECT_FALSE(done.ok());
    EXPECT_EQ(done.refused.value_or(Refusal{Refusal::Why::turn, 0}).why, Refusal::Why::required);
    EXPECT_EQ(done.bodies.size(), 1u) << "the bodies come back, for the next try";
    EXPECT_EQ(co_await value_of(store(), "a"), "1");
    EXPECT_EQ(co_await value_of(store(), "b"), std::nullopt);
    EXPECT_FALSE(co_await store().read_body(ref, 0, 10));
    Batch again;
    again.require_value("a", digest_of("1")).require_absent("b").put("a", "2");
    again.take(std::move(done.bodies[0])).link(ref.id, "o");
    auto then = co_await committed(store(), std::move(again));
    EXPECT_TRUE(then.ok());
    EXPECT_EQ(co_await value_of(store(), "a"), "2");
    auto octets = co_await store().read_body(ref, 0, 10);
    EXPECT_EQ(octets.value_or("?"), "octets");
    Batch wrong;
    wrong.require_value("a", digest_of("1")).put("a", "3");
    auto last = co_await committed(store(), std::move(wrong));
    EXPECT_FALSE(last.ok());
  };
  run(body());
}

// Tasks that start together and so share groups.
inline Task<> commit_into(Store& store, Batch batch, std::vector<bool>& accepted, std::size_t i) {
  auto done = co_await committed(store, std::move(batch));
  accepted[i] = done.ok();
}

TEST_P(StoreSuite, OfManyWhoRequireAnAbsentKeyOneIsAccepted) {
  for (int round = 0; round < 20; ++round) {
    std::vector<bool> accepted(16);
    auto body = [&]() -> Task<> {
      runtime::Executor& executor = co_await runtime::this_executor();
      runtime::Nursery writers(executor);
      for (std::size_t i = 0; i < accepted.size(); ++i) {
        Batch batch;
        std::string key = fmt::format("receipt/{}", round);
        batch.require_absent(key).put(key, std::to_string(i)).add("delivered", 1);
        writers.spawn(commit_into(store(), std::move(batch), accepted, i));
      }
      co_await writers.join();
      auto count = co_await value_of(store(), "delivered");
      EXPECT_EQ(get_counter(count.value_or("")), round + 1);
    };
    run(body());
    EXPECT_EQ(std::count(accepted.begin(), accepted.end(), true), 1);
  }
}

TEST_P(StoreSuite, LaterBatchesOfAGroupSeeWhatEarlierOnesDo) {
  // A chain: each requires what the one before it made. All are handed in at once and in order.
  std::vector<bool> accepted(8);
  auto body = [&]() -> Task<> {
    runtime::Executor& executor = co_await runtime::this_executor();
    runtime::Nursery writers(executor);
    std::vector<Batch> batches(8);
    batches[0].put("k", "0").append("l", "x").put("r5", "");
    batches[1].require_value("k", digest_of("0")).append("k", "1");
    batches[2].require_value("k", digest_of("01")).erase("k");
    batches[3].require_absent("k").append("k", "3").add("n", 2);
    batches[4].require_value("k", digest_of("3")).require_value("l", digest_of("x"));
    batches[4].erase_range({"r", "s"}).add("n", 3);
    batches[5].require_absent("r5").require_value("n",
                                                  digest_of(std::string("\5\0\0\0\0\0\0\0", 8)));
    batches[5].put("r5", "new");
    batches[6].require_value("r5", digest_of("new")).erase_range({"a", ""});
    batches[7].require_absent("k").require_absent("r5").put("end", "1");
    // One task hands in the eight, so that their order is known.
    for (std::size_t i = 0; i < batches.size(); ++i) {
      auto done = co_await committed(store(), std::move(batches[i]));
      accepted[i] = done.ok();
    }
    EXPECT_EQ(co_await listed(store(), {"a", "z"}), "end=1");
  };
  run(body());
  EXPECT_EQ(std::count(accepted.begin(), accepted.end(), true), 8);
}

TEST_P(StoreSuite, WhatIsAppendedAfterAnErasedRangeBeginsAnew) {
  auto body = [&]() -> Task<> {
    Batch first;
    first.put("k", "old").append("j", "neighbour");
    co_await committed(store(), std::move(first));
    Batch second;
    second.erase_range({"k", "l"}).append("k", "n");
    co_await committed(store(), std::move(second));
    Batch third;
    third.append("k", "ew").append("l", "fresh");
    co_await committed(store(), std::move(third));
    EXPECT_EQ(co_await value_of(store(), "k"), "new");
    EXPECT_EQ(co_await listed(store(), {"a", "z"}), "j=neighbour k=new l=fresh");
  };
  run(body());
}

TEST_P(StoreSuite, NobodyElsesCommitPassesUnseenByRequireUnchanged) {
  auto body = [&]() -> Task<> {
    Batch first;
    first.touch(7).put("a", "1");
    auto done = co_await committed(store(), std::move(first));
    Batch other;
    other.touch(8).put("b", "1");
    co_await committed(store(), std::move(other));
    Batch holds;
    holds.require_unchanged(7, done.version).touch(7).put("a", "2");
    auto then = co_await committed(store(), std::move(holds));
    EXPECT_TRUE(then.ok());
    Batch refused;
    refused.require_unchanged(7, done.version).put("a", "3");
    auto last = co_await committed(store(), std::move(refused));
    EXPECT_FALSE(last.ok());
    EXPECT_EQ(co_await value_of(store(), "a"), "2");
  };
  run(body());
}

// ------------------------------------------------------------------------------------------------
// turns

inline std::string uid_key(Partition account, std::uint64_t uid) {
  return fmt::format("A/{}/{:06}", account, uid);
}

// Takes the next uid of the account; loads the head first if there is none.
inline Task<> deliver(Store& store, Partition account, int letters,
                      std::vector<std::uint64_t>& uids) {
  for (int i = 0; i < letters; ++i) {
    while (true) {
      if (!store.has_head(account)) {
        auto snapshot = store.snapshot();
        auto next = co_await snapshot->get(fmt::format("A/{}/next", account));
        if (!next) {
          ADD_FAILURE() << describe(next.error());
          co_return;
        }
        auto number = static_cast<std::uint64_t>(get_counter(next->value_or("")));
        store.offer_head(account, std::make_shared<NumberHead>(number), snapshot->version());
      }
      std::uint64_t uid = 0;
      Batch batch;
      batch.at_turn(account, [account, &uid](Turn& turn) -> int {
        if (!turn.head()) return kNoHead;
        uid = number_of(turn.head());
        turn.set_head(std::make_shared<NumberHead>(uid + 1));
        turn.put(uid_key(account, uid), std::to_string(turn.version()));
        std::string counter(8, '\0');
        for (int k = 0; k < 8; ++k) counter[std::size_t(k)] = static_cast<char>((uid + 1) >> 8 * k);
        turn.put(fmt::format("A/{}/next", account), std::move(counter));
        return kAccept;
      });
      auto done = co_await committed(store, std::move(batch));
      if (done.ok()) {
        uids.push_back(uid);
        EXPECT_EQ(co_await value_of(store, uid_key(account, uid)), std::to_string(done.version));
        break;
      }
      EXPECT_EQ(done.refused->why, Refusal::Why::no_head);
    }
  }
}

TEST_P(StoreSuite, AHotAccountGivesUidsWithoutGapOrDouble) {
  limits.heads_max = 2;  // limit: heads of other accounts push this one out again and again
  constexpr int kWriters = 16;
  constexpr int kLetters = 25;
  std::vector<std::vector<std::uint64_t>> uids(kWriters);
  std::vector<std::uint64_t> others;
  auto body = [&]() -> Task<> {
    runtime::Executor& executor = co_await runtime::this_executor();
    runtime::Nursery writers(executor);
    for (int i = 0; i < kWriters; ++i)
      writers.spawn(deliver(store(), 1, kLetters, uids[std::size_t(i)]));
    for (Partition other = 2; other < 6; ++other)
      writers.spawn(deliver(store(), other, kLetters, others));
    co_await writers.join();
  };
  run(body());
  std::set<std::uint64_t> all;
  for (const auto& some : uids) {
    EXPECT_EQ(some.size(), std::size_t(kLetters));
    EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
    all.insert(some.begin(), some.end());
  }
  EXPECT_EQ(all.size(), std::size_t(kWriters * kLetters)) << "a uid was given twice";
  EXPECT_EQ(*all.begin(), 0u);
  EXPECT_EQ(*all.rbegin(), std::uint64_t(kWriters * kLetters - 1)) << "a uid was left out";
}

TEST_P(StoreSuite, ATurnThatRefusesUndoesTheWholeBatch) {
  auto body = [&]() -> Task<> {
    auto version = store().snapshot()->version();
    store().offer_head(1, std::make_shared<NumberHead>(10), version);
    store().offer_head(2, std::make_shared<NumberHead>(20), version);
    Batch batch;
    batch.put("kept?", "1");
    batch.at_turn(1, [](Turn& turn) {
      turn.set_head(std::make_shared<NumberHead>(11));
      turn.put("turn 1", "1");
      turn.publish("t", nullptr);
      return kAccept;
    });
    batch.at_turn(1, [](Turn& turn) {
      EXPECT_EQ(number_of(turn.head()), 11u) << "a turn sees the one before it";
      turn.set_head(std::make_shared<NumberHead>(12));
      return kAccept;
    });
    batch.at_turn(2, [](Turn&) { return 42; });
    auto done = co_await committed(store(), std::move(batch));
    EXPECT_FALSE(done.ok());
    EXPECT_EQ(done.refused->why, Refusal::Why::turn);
    EXPECT_EQ(done.refused->code, 42);
    EXPECT_EQ(co_await value_of(store(), "kept?"), std::nullopt);
    EXPECT_EQ(co_await value_of(store(), "turn 1"), std::nullopt);
    Batch next;
    next.at_turn(1, [](Turn& turn) {
      EXPECT_EQ(number_of(turn.head()), 10u) << "the head of a refused batch is undone";
      return kAccept;
    });
    next.at_turn(3, [](Turn& turn) { return turn.head() ? kAccept : kNoHead; });
    auto then = co_await committed(store(), std::move(next));
    EXPECT_EQ(then.refused->why, Refusal::Why::no_head);
  };
  run(body());
}

TEST_P(StoreSuite, AHeadIsTakenOnlyIfItIsNotOlderThanThePartition) {
  auto body = [&]() -> Task<> {
    auto before = store().snapshot();
    Batch batch;
    batch.touch(1).put("a", "1");
    auto done = co_await committed(store(), std::move(batch));
    store().offer_head(1, std::make_shared<NumberHead>(1), before->version());
    EXPECT_FALSE(store().has_head(1)) << "built from a snapshot before the last commit";
    store().offer_head(1, std::make_shared<NumberHead>(2), done.version);
    EXPECT_TRUE(store().has_head(1));
    store().offer_head(1, std::make_shared<NumberHead>(3), done.version + 100);
    std::uint64_t seen = 0;
    Batch look;
    look.at_turn(1, [&seen](Turn& turn) {
      seen = number_of(turn.head());
      return kAccept;
    });
    co_await committed(store(), std::move(look));
    EXPECT_EQ(seen, 2u) << "the first one stays";
  };
  run(body());
}

// ------------------------------------------------------------------------------------------------
// publications, relaxed commits

inline Task<> publish_some(Store& store, int writer, int count) {
  for (int i = 0; i < count; ++i) {
    Batch batch;
    batch.append("order", fmt::format("{}.{} ", writer, i));
    batch.publish(fmt::format("{}.{} ", writer, i), std::make_shared<int>(writer));
    co_await committed(store, std::move(batch));
  }
}

TEST_P(StoreSuite, PublicationsComeInCommitOrderAndOnlyOfWhatIsCommitted) {
  std::string told;
  Version last = 0;
  bool ascending = true;
  store().subscribe(
      [&](std::string_view topic, const std::shared_ptr<const void>& what, Version v) {
        told += topic;
        ascending = ascending && v > last && what;
        last = v;
      });
  auto body = [&]() -> Task<> {
    runtime::Executor& executor = co_await runtime::this_executor();
    runtime::Nursery writers(executor);
    for (int i = 0; i < 8; ++i) writers.spawn(publish_some(store(), i, 20));
    co_await writers.join();
    Batch refused;
    refused.require_absent("order").publish("refused", nullptr);
    co_await committed(store(), std::move(refused));
    EXPECT_EQ(co_await value_of(store(), "order"), told);
  };
  run(body());
  EXPECT_TRUE(ascending);
}

TEST_P(StoreSuite, ARelaxedCommitIsSeenByWhoCommitsAfterIt) {
  auto body = [&]() -> Task<> {
    for (int i = 0; i < 10; ++i) {
      Batch relaxed;
      relaxed.add("C/greylist", 1);
      store().commit_relaxed(std::move(relaxed));
    }
    Batch batch;
    batch.put("a", "1");
    co_await committed(store(), std::move(batch));
    auto counter = co_await value_of(store(), "C/greylist");
    EXPECT_EQ(get_counter(counter.value_or("")), 10);
  };
  run(body());
}

TEST_P(StoreSuite, GroupsKeepTheirLimits) {  // limits: group_batches_max, group_octets_max
  limits.group_batches_max = 3;
  limits.group_octets_max = 1000;
  std::vector<bool> accepted(40);
  auto body = [&]() -> Task<> {
    runtime::Executor& executor = co_await runtime::this_executor();
    runtime::Nursery writers(executor);
    for (std::size_t i = 0; i < accepted.size(); ++i) {
      Batch batch;
      batch.add("n", 1).put(fmt::format("k{}", i), std::string(i * 100, 'x'));
      writers.spawn(commit_into(store(), std::move(batch), accepted, i));
    }
    co_await writers.join();
    auto counter = co_await value_of(store(), "n");
    EXPECT_EQ(get_counter(counter.value_or("")), 40);
  };
  run(body());
  EXPECT_EQ(std::count(accepted.begin(), accepted.end(), true), 40);
}

TEST_P(StoreSuite, WhatIsTooMuchIsAnErrorThatNamesTheLimit) {
  limits.key_octets_max = 100;       // limit
  limits.batch_octets_max = 10'000;  // limit
  limits.body_octets_max = 20'000;   // limit
  auto body = [&]() -> Task<> {
    Batch key;
    key.put(std::string(101, 'k'), "");
    auto done = co_await store().commit(std::move(key));
    EXPECT_EQ(done.error().kind, Error::Kind::limit);
    EXPECT_EQ(done.error().what, "key_octets_max");
    Batch big;
    big.put("k", std::string(10'000, 'v'));
    auto second = co_await store().commit(std::move(big));
    EXPECT_EQ(second.error().what, "batch_octets_max");
    auto writer = store().new_body();
    EXPECT_TRUE(co_await writer->write(std::string(20'000, 'b')));
    auto more = co_await writer->write("b");
    EXPECT_EQ(more.error().what, "body_octets_max");
    EXPECT_EQ(co_await value_of(store(), "k"), std::nullopt);
  };
  run(body());
}

inline Task<> count_outcomes(Store& store, int& taken, int& refused) {
  Batch batch;
  batch.add("n", 1);
  auto done = co_await store.commit(std::move(batch));
  if (done) {
    ++taken;
  } else {
    EXPECT_EQ(done.error().kind, Error::Kind::unavailable);
    ++refused;
  }
}

TEST_P(StoreSuite, TooManyWaitingCommitsAreRefusedAndNothingOfThemIsThere) {
  limits.waiting_batches_max = 10;  // limit
  int taken = 0;
  int refused = 0;
  auto body = [&]() -> Task<> {
    runtime::Executor& executor = co_await runtime::this_executor();
    runtime::Nursery writers(executor);
    for (int i = 0; i < 5000; ++i) writers.spawn(count_outcomes(store(), taken, refused));
    co_await writers.join();
    auto counter = co_await value_of(store(), "n");
    EXPECT_EQ(get_counter(counter.value_or("")), taken);
  };
  run(body());
  EXPECT_EQ(taken + refused, 5000);
  EXPECT_GT(taken, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace posta::store::suite
