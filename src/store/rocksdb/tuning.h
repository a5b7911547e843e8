// tuning.h: how RocksDB is set up, and why (docs/design/0003-committer.md has the measurements).
#pragma once

#include <rocksdb/options.h>

#include "store/rocksdb/open.h"

namespace posta::store::rocks {

inline constexpr const char* kBodyFamily = "body";

rocksdb::DBOptions db_options(const Options& options, rocksdb::Env* env);
rocksdb::ColumnFamilyOptions keys_options(const Options& options,
                                          std::shared_ptr<rocksdb::Cache> cache);
rocksdb::ColumnFamilyOptions body_options(const Options& options,
                                          std::shared_ptr<rocksdb::Cache> cache);

}  // namespace posta::store::rocks
