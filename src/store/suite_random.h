// suite_random.h: random histories, compared with a model as simple as it can be.
#pragma once

#include "store/keys.h"
#include "store/suite.h"

namespace posta::store::suite {

// A key space without committer, snapshots or disk.
struct Model {
  std::map<std::string, std::string> keys;

  void apply(const Batch::Op& op) {
    if (op.kind == Batch::Op::Kind::erase_range) {
      std::erase_if(keys, [&](const auto& pair) {
        return pair.first >= op.key && (op.value.empty() || pair.first < op.value);
      });
      return;
    }
    std::optional<std::string> value;
    if (auto found = keys.find(op.key); found != keys.end()) value = found->second;
    fold(value, op);
    if (value) {
      keys[op.key] = *value;
    } else {
      keys.erase(op.key);
    }
  }
  bool holds(const Batch::Require& require) const {
    auto found = keys.find(require.key);
    if (!require.digest) return found == keys.end();
    return found != keys.end() && digest_of(found->second) == *require.digest;
  }
};

inline std::string random_key(Random& random) {
  static constexpr std::string_view kSpaces[] = {"A/", "D/", "Q/x/", "R"};
  return fmt::format("{}{:02}", kSpaces[random.below(4)], random.below(12));
}

inline Batch random_batch(Random& random, const Model& model) {
  Batch batch;
  for (std::uint64_t i = random.below(6) + 1; i > 0; --i) {
    std::string key = random_key(random);
    switch (random.below(12)) {
      case 0: batch.erase(key); break;
      case 1: batch.erase_range({key, random_key(random)}); break;
      case 2: batch.add(key, static_cast<std::int64_t>(random.below(1000)) - 500); break;
      case 3:
      case 4:
      case 5: batch.append(key, std::string(random.below(50), 'a')); break;
      default: batch.put(key, std::to_string(random.next()));
    }
  }
  if (random.chance(30)) {
    std::string key = random_key(random);
    auto found = model.keys.find(key);
    if (found == model.keys.end() || random.chance(20)) {
      batch.require_absent(key);
    } else {
      batch.require_value(key, digest_of(found->second));
    }
  }
  return batch;
}

TEST_P(StoreSuite, RandomHistoriesGiveWhatASimpleModelGives) {
  Random random(20260101);
  Model model;
  auto history = [&](int steps) -> Task<> {
    for (int step = 0; step < steps; ++step) {
      Batch batch = random_batch(random, model);
      bool holds = true;
      for (const auto& require : batch.requires_) holds = holds && model.holds(require);
      if (holds)
        for (const auto& op : batch.ops) model.apply(op);
      auto done = co_await committed(store(), std::move(batch));
      EXPECT_EQ(done.ok(), holds);
      Range range{random_key(random), random_key(random)};
      bool reverse = random.chance(50);
      std::size_t limit = random.below(20);
      auto snapshot = store().snapshot();
      auto read = co_await snapshot->scan(range, limit, reverse);
      std::vector<std::pair<std::string, std::string>> expected;
      for (const auto& pair : model.keys)
        if (pair.first >= range.begin && pair.first < range.end) expected.push_back(pair);
      if (reverse) std::reverse(expected.begin(), expected.end());
      if (expected.size() > limit) expected.resize(limit);
      EXPECT_TRUE(read);
      bool same = read && read->size() == expected.size();
      for (std::size_t i = 0; same && i < expected.size(); ++i)
        same = (*read)[i].key == expected[i].first && (*read)[i].value == expected[i].second;
      EXPECT_TRUE(same) << "step " << step;
      if (!same) co_return;
    }
  };
  for (int round = 0; round < 4; ++round) {
    run(history(200));
    world().reopen();
  }
}

// Many at once: whatever the order was, the versions tell it, and replaying it in that order gives
// what is there.
struct Done {
  Version version;
  std::vector<Batch::Op> ops;
};

inline Task<> write_random(Store& store, std::uint64_t seed, std::vector<Done>& all) {
  Random random(seed);
  Model nothing;
  for (int i = 0; i < 30; ++i) {
    Batch batch = random_batch(random, nothing);
    std::vector<Batch::Op> ops = batch.ops;
    auto done = co_await committed(store, std::move(batch));
    if (done.ok()) all.push_back({done.version, std::move(ops)});
  }
}

TEST_P(StoreSuite, ConcurrentHistoriesAreOneHistoryInTheOrderOfTheirVersions) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    std::vector<Done> all;
    Model before;
    auto body = [&]() -> Task<> {
      auto was = co_await store().snapshot()->scan({"A", "S"}, 10'000);
      for (const KeyValue& pair : *was) before.keys[pair.key] = pair.value;
      runtime::Executor& executor = co_await runtime::this_executor();
      runtime::Nursery writers(executor);
      for (std::uint64_t w = 0; w < 12; ++w)
        writers.spawn(write_random(store(), seed * 100 + w, all));
      co_await writers.join();
      std::sort(all.begin(), all.end(),
                [](const Done& a, const Done& b) { return a.version < b.version; });
      for (const Done& done : all)
        for (const Batch::Op& op : done.ops) before.apply(op);
      auto is = co_await store().snapshot()->scan({"A", "S"}, 10'000);
      EXPECT_EQ(is->size(), before.keys.size());
      for (const KeyValue& pair : *is) EXPECT_EQ(before.keys[pair.key], pair.value) << pair.key;
    };
    run(body());
  }
}

}  // namespace posta::store::suite
