#include "store/rocksdb/rocks_engine.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "runtime/worker.h"
#include "store/rocksdb/merge.h"
#include "store/rocksdb/snapshot.h"
#include "store/rocksdb/status.h"
#include "store/rocksdb/tuning.h"

namespace posta::store::rocks {

using rocksdb::Slice;

namespace {

constexpr std::size_t kBatchMemoryMax = 4 << 20;  // octets kept between groups

// A key above every other: the first octet of a key is below 0xFF.
constexpr std::string_view kAboveAll = "\xFF";

Slice slice(std::string_view octets) {
  return {octets.data(), octets.size()};
}

std::string id_key(BodyId body) {
  std::string key;
  put_be64(key, body.value);
  return key;
}

// RocksDB takes a directory without CURRENT for a new one, and removes the tables that it finds
// there: all mail. So what looks like a store is never made anew, whoever asks.
Result<bool> is_there(rocksdb::FileSystem& fs, const std::string& directory) {
  if (fs.FileExists(directory + "/keys/CURRENT", {}, nullptr).ok()) return true;
  std::vector<std::string> names;
  fs.GetChildren(directory + "/keys", {}, &names, nullptr).PermitUncheckedError();  // none: new
  for (const std::string& name : names)
    for (std::string_view ending : {".sst", ".blob", ".log"})
      if (name.ends_with(ending))
        return fail(Error::Kind::corrupt,
                    directory + ": this is no whole store: keys/CURRENT is missing");
  return false;
}

Failure no_store(const std::string& directory) {
  return fail(Error::Kind::not_found, directory + ": there is no store here");
}

}  // namespace

Result<> look_whether_free(const std::string& directory) {
  const std::string file = directory + "/lock";
  if (access(file.c_str(), F_OK) != 0) return {};
  TRY(auto lock, DirectoryLock::take(file));
  return {};
}

Result<> look_for(const std::string& directory) {
  TRY(bool there, is_there(*rocksdb::FileSystem::Default(), directory));
  if (!there) return no_store(directory);
  return {};
}

// ------------------------------------------------------------------------------------------------
// opening

RocksEngine::RocksEngine(std::string directory, Options options, DirectoryLock lock)
    : directory_(std::move(directory)),
      options_(std::move(options)),
      lock_(std::move(lock)),
      fs_(std::make_shared<SyncWatch>(options_.file_system ? options_.file_system
                                                           : rocksdb::FileSystem::Default())),
      env_(rocksdb::NewCompositeEnv(fs_)),
      files_(fs_, directory_ + "/bodies") {}

RocksEngine::~RocksEngine() {
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* family : {keys_, bodies_})
    if (family) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

Result<std::unique_ptr<RocksEngine>> RocksEngine::open(const std::string& directory,
                                                       Options options) {
  CHECK(options.now);
  auto* fs = options.file_system ? options.file_system.get() : rocksdb::FileSystem::Default().get();
  TRY(bool there, is_there(*fs, directory));
  if (!there && !options.create) return no_store(directory);
  TRY_VOID(result(fs->CreateDirIfMissing(directory, {}, nullptr), "making " + directory));
  TRY(DirectoryLock lock, DirectoryLock::take(directory + "/lock"));
  std::unique_ptr<RocksEngine> engine(
      new RocksEngine(directory, std::move(options), std::move(lock)));
  TRY_VOID(engine->open_db());
  TRY_VOID(engine->files_.start());
  return engine;
}

// RocksDB starts so many threads for each family, however few tables there are to open.
int RocksEngine::table_opening_threads() const {
  constexpr std::size_t kTablesEach = 32;
  constexpr std::size_t kThreadsMax = 16;
  std::vector<std::string> names;
  fs_->GetChildren(directory_ + "/keys", {}, &names, nullptr).PermitUncheckedError();  // new: none
  auto tables =
      std::ranges::count_if(names, [](const std::string& name) { return name.ends_with(".sst"); });
  return static_cast<int>(
      std::clamp<std::size_t>(static_cast<std::size_t>(tables) / kTablesEach, 1, kThreadsMax));
}

Result<> RocksEngine::open_db() {
  auto cache = rocksdb::NewLRUCache(options_.block_cache_octets);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, keys_options(options_, cache));
  families.emplace_back(kBodyFamily, body_options(options_, cache));
  // A family that we do not know is of a newer format.
  std::vector<std::string> there;
  rocksdb::DB::ListColumnFamilies(db_options(options_, env_.get()), directory_ + "/keys", &there)
      .PermitUncheckedError();  // none: the store is new
  for (const std::string& name : there)
    if (name != rocksdb::kDefaultColumnFamilyName && name != kBodyFamily)
      return fail(Error::Kind::config,
                  fmt::format("{}: was written by a newer posta (it has \"{}\")", directory_,
                              printable(name)));
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions how = db_options(options_, env_.get());
  how.max_file_opening_threads = table_opening_threads();
  TRY_VOID(result(rocksdb::DB::Open(how, directory_ + "/keys", families, &handles, &db),
                  "opening " + directory_));
  db_.reset(db);
  keys_ = handles[0];
  bodies_ = handles[1];
  return {};
}

// ------------------------------------------------------------------------------------------------
// the log

void RocksEngine::add_ops(const std::vector<Batch::Op>& ops) {
  using Kind = Batch::Op::Kind;
  auto merge = [&](std::string_view kind, const Batch::Op& op) {
    Slice key = op.key;
    Slice value[2] = {slice(kind), op.value};
    batch_.Merge(keys_, rocksdb::SliceParts(&key, 1), rocksdb::SliceParts(value, 2))
        .PermitUncheckedError();
  };
  for (const Batch::Op& op : ops) {
    switch (op.kind) {
      case Kind::put: batch_.Put(keys_, op.key, op.value).PermitUncheckedError(); break;
      case Kind::erase: batch_.Delete(keys_, op.key).PermitUncheckedError(); break;
      case Kind::append: merge(kAppendOperand, op); break;
      case Kind::add: merge(kAddOperand, op); break;
      case Kind::erase_range: {
        Slice end = op.value.empty() ? slice(kAboveAll) : Slice(op.value);
        if (Slice(op.key).compare(end) >= 0) break;
        batch_.DeleteRange(keys_, op.key, end).PermitUncheckedError();
        break;
      }
    }
  }
}

Result<> RocksEngine::apply(const Write& write, bool sync) {
  batch_.Clear();
  for (const auto* ops : write.ops) add_ops(*ops);
  for (const Body& body : write.bodies)
    batch_.Put(bodies_, id_key(body.id), *body.packed).PermitUncheckedError();
  for (BodyId body : write.erased) batch_.Delete(bodies_, id_key(body)).PermitUncheckedError();
  rocksdb::WriteOptions how;
  how.sync = sync && options_.sync;
  rocksdb::Status status = db_->Write(how, &batch_);
  if (batch_.GetDataSize() > kBatchMemoryMax) batch_ = rocksdb::WriteBatch();
  if (!status.ok()) {
    // Only if appending failed is it certain that nothing is there.
    if (status.IsNoSpace() && !fs_->sync_failed()) return failure(status, "writing the log");
    return fail(Error::Kind::unavailable, "writing the log: " + status.ToString());
  }
  written_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<> RocksEngine::resume() {
  return result(db_->Resume(), "resuming");
}

Result<std::optional<std::string>> RocksEngine::get(std::string_view key) {
  std::string value;
  rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), keys_, slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return failure(status, "reading a key");
  return value;
}

Result<bool> RocksEngine::any(std::string_view prefix) {
  Range range = Range::prefix(prefix);
  Slice end = range.end;
  rocksdb::ReadOptions how;
  if (!range.end.empty()) how.iterate_upper_bound = &end;
  std::unique_ptr<rocksdb::Iterator> place(db_->NewIterator(how, keys_));
  place->Seek(range.begin);
  if (place->Valid()) return true;
  TRY_VOID(result(place->status(), "reading keys"));
  return false;
}

std::uint64_t RocksEngine::disk_free() const {
  std::uint64_t octets = 0;
  // A disk that does not say has none: a wrong answer here would fill it.
  if (!fs_->GetFreeSpace(directory_, {}, &octets, nullptr).ok()) return 0;
  return octets;
}

// ------------------------------------------------------------------------------------------------
// reads

std::shared_ptr<const Snapshot> RocksEngine::snapshot() {
  Instant now_is = now();
  std::uint64_t written = written_.load(std::memory_order_acquire);
  std::lock_guard lock(snapshot_mutex_);
  bool young = now_is - snapshot_since_ < options_.limits.snapshot_life_max / 4;
  if (snapshot_written_ == written && young)
    if (auto shared = snapshot_.lock()) return shared;
  auto fresh = std::make_shared<RocksSnapshot>(*this, now_is);
  snapshot_ = fresh;
  snapshot_written_ = written;
  snapshot_since_ = now_is;
  return fresh;
}

Task<Result<std::optional<std::string>>> RocksEngine::small_body(BodyId body) const {
  std::string key = id_key(body);
  auto octets = co_await read_key(*this, bodies_, nullptr, key);
  co_return octets;
}

Task<Result<>> RocksEngine::warm(std::vector<std::string> all) const {
  for (const std::string& key : all) {
    auto value = co_await read_key(*this, keys_, nullptr, key);
    if (!value) co_return Failure(value.error());
  }
  co_return Result<>();
}

Result<> RocksEngine::checkpoint(const std::string& directory) {
  if (fs_->FileExists(directory, {}, nullptr).ok())
    return fail(Error::Kind::conflict, directory + ": is there already");
  // Made beside its place, so that what has the name is whole.
  std::string part = directory + ".part";
  TRY_VOID(result(fs_->CreateDir(part, {}, nullptr), "making " + part));
  rocksdb::Checkpoint* made = nullptr;
  TRY_VOID(result(rocksdb::Checkpoint::Create(db_.get(), &made), "preparing a checkpoint"));
  std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  TRY_VOID(result(checkpoint->CreateCheckpoint(part + "/keys"), "making a checkpoint"));
  // Every body that a key names was there before the key.
  TRY_VOID(files_.copy_to(part + "/bodies"));
  TRY_VOID(result(fs_->RenameFile(part, directory, {}, nullptr), "naming " + directory));
  std::size_t slash = directory.rfind('/');
  std::unique_ptr<rocksdb::FSDirectory> parent;
  TRY_VOID(result(fs_->NewDirectory(slash == std::string::npos ? "." : directory.substr(0, slash),
                                    {}, &parent, nullptr),
                  "opening the directory of the checkpoint"));
  return result(parent->Fsync({}, nullptr), "syncing the directory of the checkpoint");
}

}  // namespace posta::store::rocks
