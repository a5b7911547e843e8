#include "store/memory/memory_store.h"

#include "base/bytes.h"
#include "runtime/worker.h"
#include "store/committer_thread.h"
#include "store/keys.h"

namespace posta::store::memory {

namespace {

class MemorySnapshot final : public Snapshot {
 public:
  explicit MemorySnapshot(MemoryEngine& engine)
      : engine_(engine),
        disk_(engine.disk()),
        crashes_(disk_.crashes()),
        seq_(disk_.pin()),
        expires_(engine.now() + engine.options().limits.snapshot_life_max) {
    auto version = disk_.get(kVersionKey, seq_);
    if (version && *version && (*version)->size() == 8) version_ = get_be64(**version);
  }
  ~MemorySnapshot() override { disk_.unpin(seq_, crashes_); }

  Version version() const override { return version_; }

  Task<Result<std::optional<std::string>>> get(std::string key) const override {
    CO_TRY_VOID(co_await begin());
    co_return disk_.get(key, seq_);
  }

  Task<Result<std::vector<std::optional<std::string>>>> multi_get(
      std::vector<std::string> keys) const override {
    CO_TRY_VOID(co_await begin());
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const std::string& key : keys) {
      CO_TRY(auto value, disk_.get(key, seq_));
      values.push_back(std::move(value));
    }
    co_return values;
  }

  Task<Result<std::vector<KeyValue>>> scan(Range range, std::size_t limit,
                                           bool reverse) const override {
    CO_TRY_VOID(co_await begin());
    co_return disk_.scan(range, limit, reverse, seq_);
  }

 private:
  Task<Result<>> begin() const {
    if (engine_.slow_read()) {
      auto nothing = [] { return 0; };
      CO_TRY(int done, co_await runtime::on_worker(nothing));
      (void)done;
    }
    CO_TRY_VOID(engine_.usable());
    if (crashes_ != disk_.crashes() || engine_.now() >= expires_)
      co_return fail(Error::Kind::stale, "the snapshot has expired");
    co_return Result<>();
  }

  MemoryEngine& engine_;
  Disk& disk_;
  std::uint64_t crashes_;
  Disk::Seq seq_;
  Instant expires_;
  Version version_ = 0;
};

std::uint64_t mixed(std::uint64_t z) {  // SplitMix64's output
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

}  // namespace

// ------------------------------------------------------------------------------------------------
// engine

MemoryEngine::MemoryEngine(Disk& disk, std::function<Instant()> now, const Options& options)
    : disk_(disk), now_(std::move(now)), options_(options), random_(options.seed) {}

Result<> MemoryEngine::usable() const {
  if (closed_) return fail(Error::Kind::closed, "the store is closed");
  return {};
}

bool MemoryEngine::slow_read() const {
  return mixed(random_ += 0x9E3779B97F4A7C15ull) % 100 < options_.slow_reads;
}

Duration MemoryEngine::sync_delay() {
  auto max = static_cast<std::uint64_t>(options_.sync_delay_max.count());
  return Duration(mixed(random_ += 0x9E3779B97F4A7C15ull) % (max + 1));
}

Result<> MemoryEngine::stage(const Write& write, bool sync) {
  TRY_VOID(usable());
  staged_sync_ = sync;
  return disk_.stage(write);
}

Result<> MemoryEngine::finish() {
  TRY_VOID(usable());
  return disk_.finish(staged_sync_);
}

Result<> MemoryEngine::apply(const Write& write, bool sync) {
  TRY_VOID(stage(write, sync));
  return finish();
}

Result<std::optional<std::string>> MemoryEngine::get(std::string_view key) {
  TRY_VOID(usable());
  return disk_.get(key, disk_.visible());
}

Result<bool> MemoryEngine::any(std::string_view prefix) {
  TRY_VOID(usable());
  TRY(auto found, disk_.scan(Range::prefix(prefix), 1, false, disk_.visible()));
  return !found.empty();
}

std::shared_ptr<const Snapshot> MemoryEngine::snapshot() {
  return std::make_shared<MemorySnapshot>(*this);
}

Task<Result<std::optional<std::string>>> MemoryEngine::small_body(BodyId body) const {
  if (slow_read()) {
    auto nothing = [] { return 0; };
    CO_TRY(int done, co_await runtime::on_worker(nothing));
    (void)done;
  }
  CO_TRY_VOID(usable());
  co_return disk_.small_body(body);
}

Task<Result<>> MemoryEngine::warm(std::vector<std::string>) const {
  if (slow_read()) {
    auto nothing = [] { return 0; };
    CO_TRY(int done, co_await runtime::on_worker(nothing));
    (void)done;
  }
  co_return usable();
}

Result<> MemoryEngine::checkpoint(const std::string& directory) {
  TRY_VOID(usable());
  auto copy = copies_.find(directory);
  if (copy == copies_.end()) return fail(Error::Kind::not_found, "no such disk");
  return disk_.copy_to(*copy->second);
}

// ------------------------------------------------------------------------------------------------
// store

MemoryStore::MemoryStore(Disk& disk, std::function<Instant()> now, Options options, bool coalesce)
    : EngineHolder{MemoryEngine(disk, std::move(now), options)},
      LocalStore(engine, {.limits = options.limits, .fatal = options.fatal, .coalesce = coalesce}) {
}

MemoryStore::~MemoryStore() {
  driver_.reset();
  // What was handed in to a simulated committer and not committed, at the end of a world.
  committer().abandon({Error::Kind::cancelled, "the store is closed", 0});
}

void MemoryStore::crash() {
  if (auto* steps = dynamic_cast<ExecutorDriver*>(driver_.get())) steps->stop();
  engine.close();
  engine.disk().crash();
  committer().abandon({Error::Kind::cancelled, "the power is gone", 0});
}

Result<std::unique_ptr<MemoryStore>> open(Disk& disk, runtime::Executor& executor,
                                          Options options) {
  auto now = [&executor] { return executor.now(); };
  auto store = std::make_unique<MemoryStore>(disk, now, std::move(options), false);
  TRY_VOID(store->start());
  MemoryEngine& engine = store->engine;
  store->driver_ = std::make_unique<ExecutorDriver>(store->committer(), engine, executor,
                                                    [&engine] { return engine.sync_delay(); });
  return store;
}

Result<std::unique_ptr<MemoryStore>> open_threaded(Disk& disk, std::function<Instant()> now,
                                                   Options options) {
  auto store = std::make_unique<MemoryStore>(disk, std::move(now), std::move(options), true);
  TRY_VOID(store->start());
  store->driver_ = std::make_unique<CommitterThread>(store->committer());
  return store;
}

}  // namespace posta::store::memory
