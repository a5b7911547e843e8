// rocksdb_test.cc: the shared suite on RocksDB.
#include "store/rocksdb/test_world.h"
#include "store/suite_bodies.h"
#include "store/suite_commits.h"
#include "store/suite_keys.h"
#include "store/suite_random.h"

namespace posta::store::suite {

INSTANTIATE_TEST_SUITE_P(
    RocksDb, StoreSuite,
    testing::Values(Backend{
        "disk", [](Limits limits) { return std::make_unique<rocks::RocksWorld>(limits); }}),
    [](const auto& param) { return param.param.name; });

}  // namespace posta::store::suite
