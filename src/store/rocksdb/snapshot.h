// snapshot.h: a consistent view, on a RocksDB snapshot.
#pragma once

#include "store/rocksdb/rocks_engine.h"

namespace posta::store::rocks {

class RocksSnapshot final : public Snapshot {
 public:
  RocksSnapshot(const RocksEngine& engine, Instant now);
  ~RocksSnapshot() override;

  Version version() const override { return version_; }
  Task<Result<std::optional<std::string>>> get(std::string key) const override;
  Task<Result<std::vector<std::optional<std::string>>>> multi_get(
      std::vector<std::string> keys) const override;
  Task<Result<std::vector<KeyValue>>> scan(Range range, std::size_t limit,
                                           bool reverse) const override;

 private:
  Result<> fresh() const;
  // Adds to `out` until it has `limit`, or, from memory only, as much as is there for a short time.
  // True: that was all.
  Result<bool> scan_some(const Range& range, std::size_t limit, bool reverse, bool from_memory,
                         std::vector<KeyValue>& out) const;

  const RocksEngine& engine_;
  const rocksdb::Snapshot* snapshot_;
  Instant expires_;
  Version version_ = 0;
};

// A value from memory, or from the disk on the worker pool. `at` null: the latest. `key` outlives
// the task.
Task<Result<std::optional<std::string>>> read_key(const RocksEngine& engine,
                                                  rocksdb::ColumnFamilyHandle* family,
                                                  const rocksdb::Snapshot* at,
                                                  const std::string& key);

}  // namespace posta::store::rocks
