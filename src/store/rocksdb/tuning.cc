#include "store/rocksdb/tuning.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include "store/rocksdb/merge.h"

namespace posta::store::rocks {

namespace {

// After "no space" the committer decides when to try again; RocksDB would look every 5 s.
class NoRecoveryOfItsOwn final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

}  // namespace

rocksdb::DBOptions db_options(const Options& options, rocksdb::Env* env) {
  rocksdb::DBOptions db;
  db.env = env;
  db.create_if_missing = options.create;
  db.create_missing_column_families = true;
  // A torn record at the end of the log is what a power cut leaves: everything before it counts.
  // (No recycle_log_file_num: point-in-time recovery cannot tell old records from new ones.)
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.track_and_verify_wals_in_manifest = true;
  db.max_total_wal_size = 256_MiB;
  db.db_write_buffer_size = options.write_buffers_octets;
  db.max_background_jobs = 2;
  db.bytes_per_sync = 1_MiB;
  db.avoid_unnecessary_blocking_io = true;
  // One thread writes: the committer. Nothing need be shared, or waited for.
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.enable_pipelined_write = false;
  db.listeners.push_back(std::make_shared<NoRecoveryOfItsOwn>());
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.keep_log_file_num = 3;
  db.db_host_id = "posta";  // tables travel with backups: no names of machines in them
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.skip_stats_update_on_db_open = true;
  // All tables stay open. With a limit, a read from memory alone (kBlockCacheTier) of a table that
  // is not open answers OK with an empty value: "it may be there".
  db.max_open_files = -1;
  return db;
}

rocksdb::ColumnFamilyOptions keys_options(const Options& options,
                                          std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::ColumnFamilyOptions keys;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.block_size = 16_KiB;
  // "Is it absent?" is asked of keys that are: without a filter each would read the disk.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  keys.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  keys.merge_operator = merge_operator();
  keys.write_buffer_size = options.write_buffers_octets / 2;
  keys.max_write_buffer_number = 3;
  keys.level_compaction_dynamic_level_bytes = true;
  keys.compression = rocksdb::kLZ4Compression;
  keys.bottommost_compression = rocksdb::kZSTD;
  return keys;
}

rocksdb::ColumnFamilyOptions body_options(const Options& options,
                                          std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::ColumnFamilyOptions body;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16_KiB;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  body.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  body.write_buffer_size = options.write_buffers_octets / 2;
  body.max_write_buffer_number = 3;
  body.level_compaction_dynamic_level_bytes = true;
  // Bodies come packed (pack.h); what compactions move is only where they are.
  body.compression = rocksdb::kNoCompression;
  body.enable_blob_files = true;
  body.min_blob_size = 512;
  body.blob_file_size = 256_MiB;
  body.blob_compression_type = rocksdb::kNoCompression;
  body.enable_blob_garbage_collection = true;
  body.blob_cache = std::move(cache);
  return body;
}

}  // namespace posta::store::rocks
