// store_compact.cc: compacts the store of a stopped server, so that its size on disk is what the
// mail takes up at rest and not what the last minute left behind.
//
//   store_compact STORE-DIRECTORY
//
// Opens RocksDB below the store as the store itself does (src/store/rocksdb/tuning.h), writes all
// tables anew, and collects what is dead in blob files.

#include <rocksdb/db.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "store/rocksdb/tuning.h"

namespace {

int complain(const std::string& what) {
  std::fprintf(stderr, "store_compact: %s\n", what.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  namespace rocks = posta::store::rocks;
  if (argc != 2) return complain("one argument: the directory of a store");
  const std::string directory = argv[1];
  rocks::Options options;
  options.create = false;
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, rocks::keys_options(options, nullptr)},
      {rocks::kBodyFamily, rocks::body_options(options, nullptr)}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  auto status = rocksdb::DB::Open(rocks::db_options(options, rocksdb::Env::Default()),
                                  directory + "/keys", families, &handles, &opened);
  if (!status.ok()) return complain(status.ToString());
  std::unique_ptr<rocksdb::DB> db(opened);
  for (auto* family : handles) {
    rocksdb::CompactRangeOptions range;
    range.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    range.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
    status = db->Flush({}, family);
    if (status.ok()) status = db->CompactRange(range, family, nullptr, nullptr);
    if (!status.ok()) return complain(status.ToString());
  }
  for (auto* family : handles) status = db->DestroyColumnFamilyHandle(family);
  status = db->Close();
  return status.ok() ? 0 : complain(status.ToString());
}
