// closed_table_test.cc: a value whose table is not open yet is read from the disk, never guessed.
//
// With a limit on open files RocksDB opens only 16 tables with the database, and a read from memory
// alone of a key whose table is not open answers OK with an empty value: "it may be there". A
// mailbox that is read so looks empty. So all tables stay open (tuning.cc), and an empty value from
// memory is asked for again (snapshot.cc).
#include <rocksdb/sst_file_writer.h>

#include "store/rocksdb/rocks_store.h"
#include "store/rocksdb/test_world.h"

namespace posta::store::rocks {
namespace {

constexpr int kTables = 60;

std::string key_of(int n) {
  return fmt::format("A/{:04}", n);
}

Options options() {
  Options out;
  out.now = real_clock();
  out.create = true;
  return out;
}

std::string value_of(int n) {
  return fmt::format("value {}", n);
}

// One table for each key, in the lowest level: a compaction when the store is opened again would
// open them all.
void write_tables(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* keys, const std::string& folder) {
  for (int n = 0; n < kTables; ++n) {
    std::string path = fmt::format("{}/{}.sst", folder, n);
    rocksdb::SstFileWriter writer({}, db.GetOptions(keys), keys);
    EXPECT_TRUE(writer.Open(path).ok());
    EXPECT_TRUE(writer.Put(key_of(n), value_of(n)).ok());
    EXPECT_TRUE(writer.Finish().ok());
    EXPECT_TRUE(db.IngestExternalFile(keys, {path}, {}).ok());
  }
}

Task<> read_all(Store& store) {
  std::vector<std::string> names;
  for (int n = 0; n < kTables; ++n) names.push_back(key_of(n));
  auto together = co_await store.snapshot()->multi_get(names);
  EXPECT_TRUE(together);
  for (int n = 0; n < kTables; ++n) {
    auto value = co_await store.snapshot()->get(key_of(n));
    EXPECT_TRUE(value && *value) << n;
    if (value && *value) EXPECT_EQ(**value, value_of(n));
    if (together) EXPECT_EQ((*together)[std::size_t(n)], value_of(n));
  }
}

TEST(RocksStore, AValueInATableThatWasNeverReadIsItself) {
  Scratch scratch;
  {
    auto opened = open(scratch / "store", options());
    ASSERT_TRUE(opened) << describe(opened.error());
    auto& rocks = dynamic_cast<RocksStore&>(**opened).rocks();
    write_tables(rocks.db(), rocks.keys(), scratch / "");
    std::vector<rocksdb::LiveFileMetaData> files;
    rocks.db().GetLiveFilesMetaData(&files);
    ASSERT_GT(files.size(), 32u) << "too few tables: this proves nothing";
  }
  auto opened = open(scratch / "store", options());
  ASSERT_TRUE(opened) << describe(opened.error());
  Runner().run(read_all(**opened));
}

// The order of guarding: an empty value is a value too.
TEST(RocksStore, AnEmptyValueIsReadAsOne) {
  Scratch scratch;
  auto run = [](Store& store) -> Task<> {
    Batch batch;
    batch.put("A/empty", "");
    auto done = co_await store.commit(std::move(batch));
    EXPECT_TRUE(done && done->ok());
    auto value = co_await store.snapshot()->get("A/empty");
    EXPECT_TRUE(value && *value && (*value)->empty());
    auto none = co_await store.snapshot()->get("A/none");
    EXPECT_TRUE(none && !*none);
  };
  auto opened = open(scratch / "store", options());
  ASSERT_TRUE(opened);
  Runner().run(run(**opened));
}

}  // namespace
}  // namespace posta::store::rocks
