#include "store/rocksdb/snapshot.h"

#include "base/bytes.h"
#include "runtime/worker.h"
#include "store/keys.h"
#include "store/rocksdb/status.h"

namespace posta::store::rocks {

namespace {

rocksdb::ReadOptions how_to_read(const rocksdb::Snapshot* at, bool from_memory) {
  rocksdb::ReadOptions how;
  how.snapshot = at;
  if (from_memory) how.read_tier = rocksdb::kBlockCacheTier;
  return how;
}

Result<std::optional<std::string>> answer(const rocksdb::Status& status, std::string& value) {
  if (status.ok()) return std::move(value);
  if (status.IsNotFound()) return std::nullopt;
  return failure(status, "reading a key");
}

}  // namespace

Task<Result<std::optional<std::string>>> read_key(const RocksEngine& engine,
                                                  rocksdb::ColumnFamilyHandle* family,
                                                  const rocksdb::Snapshot* at,
                                                  const std::string& key) {
  std::string value;
  rocksdb::Status status = engine.db().Get(how_to_read(at, true), family, key, &value);
  // An empty value from memory alone may mean "perhaps": the disk knows (see tuning.cc).
  bool perhaps = status.IsIncomplete() || (status.ok() && value.empty());
  if (!perhaps) co_return answer(status, value);
  auto job = [&engine, family, at, &key] {
    std::string read;
    rocksdb::Status done = engine.db().Get(how_to_read(at, false), family, key, &read);
    return answer(done, read);
  };
  CO_TRY(auto from_disk, co_await runtime::on_worker(job));
  co_return from_disk;
}

RocksSnapshot::RocksSnapshot(const RocksEngine& engine, Instant now)
    : engine_(engine),
      snapshot_(engine.db().GetSnapshot()),
      expires_(now + engine.options().limits.snapshot_life_max) {
  // Every group writes it, so it is nearly always in memory; and it is exact.
  std::string value;
  auto status = engine.db().Get(how_to_read(snapshot_, false), engine.keys(),
                                rocksdb::Slice(kVersionKey.data(), kVersionKey.size()), &value);
  if (status.ok() && value.size() == 8) version_ = get_be64(value);
}

RocksSnapshot::~RocksSnapshot() {
  engine_.db().ReleaseSnapshot(snapshot_);
}

Result<> RocksSnapshot::fresh() const {
  if (engine_.now() < expires_) return {};
  return fail(Error::Kind::stale, "the snapshot has expired");
}

Task<Result<std::optional<std::string>>> RocksSnapshot::get(std::string key) const {
  CO_TRY_VOID(fresh());
  auto value = co_await read_key(engine_, engine_.keys(), snapshot_, key);
  co_return value;
}

// One by one: RocksDB's MultiGet (7.8) reads the disk whatever read_tier says, and is no faster.
Task<Result<std::vector<std::optional<std::string>>>> RocksSnapshot::multi_get(
    std::vector<std::string> keys) const {
  CO_TRY_VOID(fresh());
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const std::string& key : keys) {
    std::string value;
    auto status = engine_.db().Get(how_to_read(snapshot_, true), engine_.keys(), key, &value);
    if (status.IsIncomplete() || (status.ok() && value.empty())) break;  // as in read_key
    CO_TRY(auto found, answer(status, value));
    values.push_back(std::move(found));
  }
  if (values.size() == keys.size()) co_return values;
  auto job = [this, &keys, &values]() -> Result<> {
    for (std::size_t i = values.size(); i < keys.size(); ++i) {
      std::string value;
      auto status =
          engine_.db().Get(how_to_read(snapshot_, false), engine_.keys(), keys[i], &value);
      TRY(auto found, answer(status, value));
      values.push_back(std::move(found));
    }
    return {};
  };
  CO_TRY(auto done, co_await runtime::on_worker(job));
  CO_TRY_VOID(std::move(done));
  co_return values;
}

Result<bool> RocksSnapshot::scan_some(const Range& range, std::size_t limit, bool reverse,
                                      bool from_memory, std::vector<KeyValue>& out) const {
  rocksdb::ReadOptions how = how_to_read(snapshot_, from_memory);
  // What was taken already bounds the range on that side.
  rocksdb::Slice begin = range.begin;
  rocksdb::Slice end = range.end;
  if (!out.empty() && reverse) end = out.back().key;
  how.iterate_lower_bound = &begin;
  if (!end.empty()) how.iterate_upper_bound = &end;
  if (!from_memory && limit > RocksEngine::kInlineRowsMax) how.readahead_size = 256_KiB;
  std::unique_ptr<rocksdb::Iterator> place(engine_.db().NewIterator(how, engine_.keys()));
  if (reverse) {
    place->SeekToLast();
  } else if (out.empty()) {
    place->SeekToFirst();
  } else {
    place->Seek(out.back().key);
    if (place->Valid() && place->key() == rocksdb::Slice(out.back().key)) place->Next();
  }
  std::size_t rows = 0;
  std::size_t octets = 0;
  while (place->Valid() && out.size() < limit) {
    if (from_memory &&
        (rows >= RocksEngine::kInlineRowsMax || octets >= RocksEngine::kInlineOctetsMax))
      return false;
    out.push_back({place->key().ToString(), place->value().ToString()});
    ++rows;
    octets += out.back().key.size() + out.back().value.size();
    if (reverse) {
      place->Prev();
    } else {
      place->Next();
    }
  }
  if (place->status().IsIncomplete()) return out.size() >= limit;
  TRY_VOID(result(place->status(), "reading keys"));
  return true;
}

Task<Result<std::vector<KeyValue>>> RocksSnapshot::scan(Range range, std::size_t limit,
                                                        bool reverse) const {
  CO_TRY_VOID(fresh());
  std::vector<KeyValue> out;
  if (limit == 0 || (!range.end.empty() && range.end <= range.begin)) co_return out;
  CO_TRY(bool all, scan_some(range, limit, reverse, true, out));
  if (all) co_return out;
  auto job = [this, &range, limit, reverse, &out] {
    return scan_some(range, limit, reverse, false, out);
  };
  CO_TRY(auto done, co_await runtime::on_worker(job));
  if (!done) co_return Failure(done.error());
  co_return out;
}

}  // namespace posta::store::rocks
