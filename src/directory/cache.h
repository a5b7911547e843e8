// cache.h: answers that were true at a version, for as long as nothing has changed since.
//
// Bounded, for any thread. An entry knows the version of the snapshot that it was read from;
// whoever looks says from which version on an answer is valid (the last commit to the directory),
// so one commit invalidates everything at once and nothing is swept. Keys are spread over shards,
// each with its own mutex, held for a few dozen instructions and never over an await. A shard is an
// array of sets of eight, the most recently used first: what an adversary can do by choosing keys
// is to spoil the hits of one set, never to make a look-up slow.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "store/store.h"

namespace posta::directory {

template <class V>
class Cache {
 public:
  // At most about `entries_max`, rounded up to a power of two; at least 128.
  explicit Cache(std::size_t entries_max)
      : sets_per_shard_(std::bit_ceil(
            std::max<std::size_t>(1, (entries_max + kShards * kWays - 1) / (kShards * kWays)))) {}

  // Null: not here, or read before `valid_from`.
  std::shared_ptr<const V> find(std::string_view key, store::Version valid_from) {
    std::uint64_t hash = hash64(key);
    Shard& shard = shard_of(hash);
    std::lock_guard lock(shard.mutex);
    if (shard.sets.empty()) return nullptr;
    Set& set = set_of(shard, hash);
    for (std::size_t i = 0; i < kWays && set[i].item; ++i) {
      if (set[i].hash != hash || set[i].item->key != key) continue;
      if (set[i].item->as_of < valid_from) return nullptr;
      if (i > 0) std::rotate(set.begin(), set.begin() + i, set.begin() + i + 1);
      return {set[0].item, &set[0].item->value};
    }
    return nullptr;
  }

  // Replaces what is there for the key, unless that was read later.
  std::shared_ptr<const V> put(std::string key, V value, store::Version as_of) {
    std::uint64_t hash = hash64(key);
    auto item = std::make_shared<const Item>(Item{std::move(key), std::move(value), as_of});
    std::shared_ptr<const Item> dropped;  // destroyed without the lock
    Shard& shard = shard_of(hash);
    std::lock_guard lock(shard.mutex);
    if (shard.sets.empty()) shard.sets.resize(sets_per_shard_);
    Set& set = set_of(shard, hash);
    std::size_t i = 0;
    while (i + 1 < kWays && set[i].item && !(set[i].hash == hash && set[i].item->key == item->key))
      ++i;
    if (set[i].item && set[i].hash == hash && set[i].item->key == item->key &&
        set[i].item->as_of > as_of)
      return {item, &item->value};
    dropped = std::exchange(set[i].item, item);
    set[i].hash = hash;
    std::rotate(set.begin(), set.begin() + i, set.begin() + i + 1);
    return {item, &item->value};
  }

  std::size_t entries_max() const { return sets_per_shard_ * kShards * kWays; }

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kWays = 8;
  struct Item {
    std::string key;
    V value;
    store::Version as_of;
  };
  struct Slot {
    std::uint64_t hash = 0;
    std::shared_ptr<const Item> item;
  };
  using Set = std::array<Slot, kWays>;
  struct Shard {
    std::mutex mutex;
    std::vector<Set> sets;  // empty until the first entry comes: an idle server pays nothing
  };

  Shard& shard_of(std::uint64_t hash) { return shards_[hash >> 60]; }
  Set& set_of(Shard& shard, std::uint64_t hash) { return shard.sets[hash & (sets_per_shard_ - 1)]; }
  static_assert(kShards == 16, "shard_of takes four bits");

  const std::size_t sets_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace posta::directory
