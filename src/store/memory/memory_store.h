// memory_store.h: a Store that lives in memory, on a Disk that may crash.
//
//   memory::Disk disk(seed);
//   auto store = memory::open(disk, executor, options);      the committer is steps of `executor`
//   ...
//   store->crash();      waiting commits answer Error{cancelled}; every later call Error{closed}
//   store.reset();       when the tasks that used it have ended
//   store = memory::open(disk, executor, options);           what survived
//
// With the simulated executor it is one seeded world: commits take `sync_delay_max` at most, and
// some reads leave the loop as if they had missed the cache.
#pragma once

#include "runtime/executor.h"
#include "store/local_store.h"
#include "store/memory/disk.h"

namespace posta::store::memory {

struct Options {
  Limits limits;
  std::uint64_t seed = 1;
  Duration sync_delay_max = std::chrono::milliseconds(2);  // a seeded part of it, for each group
  unsigned slow_reads = 10;                                // percent; they go to a worker
  std::function<void(const Error&)> fatal;                 // default: the process ends
};

class MemoryStore;

// The committer's steps, and the reads, belong to `executor`: one thread.
Result<std::unique_ptr<MemoryStore>> open(Disk& disk, runtime::Executor& executor,
                                          Options options = {});
// The committer has a thread of its own; tasks may be on any executor. No simulation.
Result<std::unique_ptr<MemoryStore>> open_threaded(Disk& disk, std::function<Instant()> now,
                                                   Options options = {});

// Keys and files as Disk has them, with the delays of a real disk.
class MemoryEngine final : public Engine, public ExecutorDriver::SlowLog {
 public:
  MemoryEngine(Disk& disk, std::function<Instant()> now, const Options& options);

  Result<> apply(const Write& write, bool sync) override;
  Result<> resume() override { return {}; }
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<bool> any(std::string_view prefix) override;
  std::uint64_t disk_free() const override { return disk_.free(); }

  Result<> stage(const Write& write, bool sync) override;
  Result<> finish() override;

  std::shared_ptr<const Snapshot> snapshot() override;
  Task<Result<std::optional<std::string>>> small_body(BodyId body) const override;
  Task<Result<>> warm(std::vector<std::string> keys) const override;
  BodyFiles& files() override { return disk_; }
  // Into a Disk that add_copy() named.
  Result<> checkpoint(const std::string& directory) override;
  void add_copy(std::string directory, Disk& disk) { copies_[std::move(directory)] = &disk; }

  void close() { closed_ = true; }
  Result<> usable() const;
  bool slow_read() const;
  Duration sync_delay();
  Instant now() const { return now_(); }
  const Options& options() const { return options_; }
  Disk& disk() const { return disk_; }

 private:
  Disk& disk_;
  const std::function<Instant()> now_;
  const Options options_;
  std::map<std::string, Disk*> copies_;
  std::atomic<bool> closed_{false};
  mutable std::atomic<std::uint64_t> random_;
  bool staged_sync_ = false;
};

// First the engine, then what stands on it.
struct EngineHolder {
  MemoryEngine engine;
};

class MemoryStore final : private EngineHolder, public LocalStore {
 public:
  MemoryStore(Disk& disk, std::function<Instant()> now, Options options, bool coalesce);
  ~MemoryStore() override;

  // The power goes. The Disk keeps what it keeps; this store is of no more use.
  void crash();

  // checkpoint(directory) copies into this disk.
  void add_copy(std::string directory, Disk& to) { engine.add_copy(std::move(directory), to); }

 private:
  friend Result<std::unique_ptr<MemoryStore>> open(Disk&, runtime::Executor&, Options);
  friend Result<std::unique_ptr<MemoryStore>> open_threaded(Disk&, std::function<Instant()>,
                                                            Options);
  std::unique_ptr<Driver> driver_;
};

}  // namespace posta::store::memory
