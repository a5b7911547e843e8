// rocks_engine.h: the log and the reads of a store, on RocksDB.
//
// Reads try what is in memory first (memtables and block cache) on the caller's loop, and go to the
// worker pool only if the disk must be read. Long scans go there too, so that no loop is held.
#pragma once

#include <rocksdb/db.h>

#include <mutex>

#include "store/engine.h"
#include "store/rocksdb/fs_body_files.h"
#include "store/rocksdb/lock.h"
#include "store/rocksdb/open.h"
#include "store/rocksdb/sync_watch.h"

namespace posta::store::rocks {

class RocksEngine final : public Engine {
 public:
  static Result<std::unique_ptr<RocksEngine>> open(const std::string& directory, Options options);
  ~RocksEngine() override;

  // --- Log: the committer's thread
  Result<> apply(const Write& write, bool sync) override;
  Result<> resume() override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<bool> any(std::string_view prefix) override;
  std::uint64_t disk_free() const override;

  // --- any thread
  std::shared_ptr<const Snapshot> snapshot() override;
  Task<Result<std::optional<std::string>>> small_body(BodyId body) const override;
  Task<Result<>> warm(std::vector<std::string> keys) const override;
  BodyFiles& files() override { return files_; }
  Result<> checkpoint(const std::string& directory) override;

  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* keys() const { return keys_; }
  rocksdb::ColumnFamilyHandle* bodies() const { return bodies_; }
  Instant now() const { return options_.now(); }
  const Options& options() const { return options_; }

  static constexpr std::size_t kInlineRowsMax = 512;  // of a scan, on the loop
  static constexpr std::size_t kInlineOctetsMax = 256_KiB;

 private:
  RocksEngine(std::string directory, Options options, DirectoryLock lock);
  Result<> open_db();
  int table_opening_threads() const;
  void add_ops(const std::vector<Batch::Op>& ops);

  const std::string directory_;
  const Options options_;
  DirectoryLock lock_;
  std::shared_ptr<SyncWatch> fs_;
  std::unique_ptr<rocksdb::Env> env_;
  FsBodyFiles files_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* keys_ = nullptr;
  rocksdb::ColumnFamilyHandle* bodies_ = nullptr;
  rocksdb::WriteBatch batch_;              // the committer's; kept for its memory
  std::atomic<std::uint64_t> written_{0};  // groups

  // Everybody who asks between two groups shares one snapshot.
  class SharedSnapshot;
  std::mutex snapshot_mutex_;
  std::weak_ptr<const Snapshot> snapshot_;
  std::uint64_t snapshot_written_ = 0;
  Instant snapshot_since_{};
};

}  // namespace posta::store::rocks
