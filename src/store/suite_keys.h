// suite_keys.h: keys, ranges, snapshots.
#pragma once

#include "store/suite.h"

namespace posta::store::suite {

TEST_P(StoreSuite, WhatWasPutIsReadAndWhatWasErasedIsNot) {
  auto body = [&]() -> Task<> {
    Batch batch;
    batch.put("a", "1").put("b", "2").put("empty", "");
    auto done = co_await committed(store(), std::move(batch));
    EXPECT_TRUE(done.ok());
    EXPECT_GT(done.version, 0u);
    EXPECT_EQ(co_await value_of(store(), "a"), "1");
    EXPECT_EQ(co_await value_of(store(), "empty"), "");
    EXPECT_EQ(co_await value_of(store(), "c"), std::nullopt);
    Batch second;
    second.erase("a").put("b", "3").erase("never there");
    auto then = co_await committed(store(), std::move(second));
    EXPECT_GT(then.version, done.version);
    EXPECT_EQ(co_await value_of(store(), "a"), std::nullopt);
    EXPECT_EQ(co_await value_of(store(), "b"), "3");
  };
  run(body());
}

TEST_P(StoreSuite, OperationsOfOneBatchHappenInTheirOrder) {
  auto body = [&]() -> Task<> {
    Batch batch;
    batch.put("k", "1").erase("k").append("k", "2").append("k", "3");
    batch.put("r1", "x").erase_range({"r", "s"}).put("r2", "y");
    batch.add("n", 5).add("n", -7).erase("n").add("n", 1);
    co_await committed(store(), std::move(batch));
    EXPECT_EQ(co_await value_of(store(), "k"), "23");
    EXPECT_EQ(co_await value_of(store(), "r1"), std::nullopt);
    EXPECT_EQ(co_await value_of(store(), "r2"), "y");
    auto counter = co_await value_of(store(), "n");
    EXPECT_EQ(get_counter(counter.value_or("")), 1);
  };
  run(body());
}

TEST_P(StoreSuite, CountersAddAndAppendsConcatenateOverManyCommits) {
  auto body = [&]() -> Task<> {
    std::string expected;
    for (int i = 0; i < 50; ++i) {
      Batch batch;
      batch.add("C/n", i % 2 ? i : -3 * i).append("log", std::to_string(i) + ",");
      expected += std::to_string(i) + ",";
      co_await committed(store(), std::move(batch));
    }
    auto counter = co_await value_of(store(), "C/n");
    EXPECT_EQ(get_counter(counter.value_or("")), 625 - 3 * 600);
    EXPECT_EQ(co_await value_of(store(), "log"), expected);
    // A value that is no counter counts as 0; the sum wraps like a two's complement number.
    Batch odd;
    odd.put("word", "hello").add("word", 2).add("max", INT64_MAX).add("max", 1);
    co_await committed(store(), std::move(odd));
    auto word = co_await value_of(store(), "word");
    EXPECT_EQ(get_counter(word.value_or("")), 2);
    auto max = co_await value_of(store(), "max");
    EXPECT_EQ(get_counter(max.value_or("")), INT64_MIN);
  };
  run(body());
}

TEST_P(StoreSuite, ScansGoInOctetOrderBothWaysWithinTheirRange) {
  auto body = [&]() -> Task<> {
    Batch batch;
    for (std::string key : {"x/a", "x/b", "x/c", "x/\xFF", "x0", "w", "x/"}) batch.put(key, "1");
    co_await committed(store(), std::move(batch));
    EXPECT_EQ(co_await listed(store(), Range::prefix("x/")), "x/=1 x/a=1 x/b=1 x/c=1 x/\xFF=1");
    EXPECT_EQ(co_await listed(store(), Range::prefix("x/"), 2), "x/=1 x/a=1");
    EXPECT_EQ(co_await listed(store(), Range::prefix("x/"), 2, true), "x/\xFF=1 x/c=1");
    EXPECT_EQ(co_await listed(store(), {"x/b", "x/c"}), "x/b=1");
    EXPECT_EQ(co_await listed(store(), {"x/c", ""}), "x/c=1 x/\xFF=1 x0=1");
    EXPECT_EQ(co_await listed(store(), {"x/c", ""}, 1, true), "x0=1");
    EXPECT_EQ(co_await listed(store(), {"x/c", "x/b"}), "");
    EXPECT_EQ(co_await listed(store(), {"x/c", "x/c"}), "");
    EXPECT_EQ(co_await listed(store(), {"x/a", "x/c"}, 0), "");
  };
  run(body());
}

TEST_P(StoreSuite, AnErasedRangeIsGoneAndItsNeighboursAreNot) {
  auto body = [&]() -> Task<> {
    Batch batch;
    for (int i = 0; i < 100; ++i) batch.put(fmt::format("k{:02}", i), "");
    co_await committed(store(), std::move(batch));
    Batch erase;
    erase.erase_range({"k10", "k90"}).erase_range({"k95", "k92"}).erase_range({"k98", ""});
    co_await committed(store(), std::move(erase));
    auto snapshot = store().snapshot();
    auto left = co_await snapshot->scan(Range::prefix("k"), 1000);
    EXPECT_EQ(left->size(), 18u);
    EXPECT_EQ(left->at(9).key, "k09");
    EXPECT_EQ(left->at(10).key, "k90");
    EXPECT_EQ(left->back().key, "k97");
    EXPECT_EQ(co_await value_of(store(), "k50"), std::nullopt);
  };
  run(body());
}

TEST_P(StoreSuite, ManyKeysAreReadInTheOrderAskedFor) {
  auto body = [&]() -> Task<> {
    Batch batch;
    batch.put("a", "1").put("b", "2").append("c", "3");
    co_await committed(store(), std::move(batch));
    auto snapshot = store().snapshot();
    std::vector<std::string> keys{"c", "nothing", "a", "b", "a"};
    auto values = co_await snapshot->multi_get(keys);
    EXPECT_TRUE(values);
    std::vector<std::optional<std::string>> expected{"3", std::nullopt, "1", "2", "1"};
    EXPECT_EQ(*values, expected);
  };
  run(body());
}

TEST_P(StoreSuite, ASnapshotSeesNothingThatCameAfterIt) {
  auto body = [&]() -> Task<> {
    Batch batch;
    batch.put("a", "old").put("b", "old").append("l", "1").put("r1", "").put("r2", "");
    auto first = co_await committed(store(), std::move(batch));
    auto before = store().snapshot();
    EXPECT_EQ(before->version(), first.version);
    Batch change;
    change.put("a", "new").erase("b").append("l", "2").put("c", "new").erase_range({"r", "s"});
    auto second = co_await committed(store(), std::move(change));
    auto after = store().snapshot();
    EXPECT_EQ(after->version(), second.version);
    std::vector<std::string> keys{"a", "b", "c", "l"};
    auto old_values = co_await before->multi_get(keys);
    auto new_values = co_await after->multi_get(keys);
    std::vector<std::optional<std::string>> was{"old", "old", std::nullopt, "1"};
    std::vector<std::optional<std::string>> is{"new", std::nullopt, "new", "12"};
    EXPECT_EQ(*old_values, was);
    EXPECT_EQ(*new_values, is);
    auto old_range = co_await before->scan(Range::prefix("r"), 10);
    auto new_range = co_await after->scan(Range::prefix("r"), 10);
    EXPECT_EQ(old_range->size(), 2u);
    EXPECT_EQ(new_range->size(), 0u);
  };
  run(body());
}

TEST_P(StoreSuite, ASnapshotExpiresAfterItsLife) {  // limit: snapshot_life_max
  limits.snapshot_life_max = std::chrono::seconds(5);
  auto first = [&](std::shared_ptr<const Snapshot>& held) -> Task<> {
    Batch batch;
    batch.put("a", "1");
    co_await committed(store(), std::move(batch));
    held = store().snapshot();
    auto value = co_await held->get("a");
    EXPECT_TRUE(value);
  };
  std::shared_ptr<const Snapshot> held;
  run(first(held));
  world().advance(std::chrono::seconds(6));
  auto second = [&]() -> Task<> {
    auto value = co_await held->get("a");
    EXPECT_FALSE(value);
    if (!value) EXPECT_TRUE(value.error().is(Error::Kind::stale));
    auto range = co_await held->scan({"", ""}, 1);
    EXPECT_FALSE(range);
    EXPECT_EQ(co_await value_of(store(), "a"), "1");
  };
  run(second());
}

TEST_P(StoreSuite, EverythingIsThereAfterReopeningAndVersionsGoOn) {
  Version last = 0;
  BodyId body_id;
  auto before = [&]() -> Task<> {
    auto body = co_await body_of(store(), text(5000));
    body_id = body->ref().id;
    Batch batch;
    batch.put("a", "1").append("l", "1").add("n", 1).take(std::move(body)).link(body_id, "x");
    auto done = co_await committed(store(), std::move(batch));
    last = done.version;
  };
  run(before());
  world().reopen();
  auto after = [&]() -> Task<> {
    auto snapshot = store().snapshot();
    EXPECT_EQ(snapshot->version(), last);
    Batch batch;
    batch.append("l", "2").add("n", 1);
    auto done = co_await committed(store(), std::move(batch));
    EXPECT_GT(done.version, last);
    EXPECT_EQ(co_await value_of(store(), "a"), "1");
    EXPECT_EQ(co_await value_of(store(), "l"), "12");
    auto counter = co_await value_of(store(), "n");
    EXPECT_EQ(get_counter(counter.value_or("")), 2);
    auto octets = co_await store().read_body({body_id, 5000}, 0, 5000);
    EXPECT_EQ(octets.value_or("?"), text(5000));
    auto fresh = store().new_body();
    EXPECT_GT(fresh->ref().id, body_id) << "ids of bodies are never used again";
  };
  run(after());
}

}  // namespace posta::store::suite
