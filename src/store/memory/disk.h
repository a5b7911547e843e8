// disk.h: what a store in memory stands on: keys and files that survive a crash, or not.
//
// Keys have versions, so that snapshots are consistent and cost nothing to take. What was written
// and what is on stable storage are kept apart: crash() keeps a seeded prefix of the writes that
// were not synced, and of each file a seeded part of the octets that were not.
//
// Faults: the N-th operation fails; syncs fail; the disk is full. Any thread.
#pragma once

#include <mutex>

#include "store/body_files.h"
#include "store/committer.h"
#include "store/executor_driver.h"

namespace posta::store::memory {

class Disk final : public BodyFiles {
 public:
  explicit Disk(std::uint64_t seed);

  // --- faults
  // The n-th operation from now (1: the next) fails; nothing of a failed write is there. What may
  // fail: write, sync, read, file create, append, sync, read, remove, list.
  void fail_operation(std::uint64_t n);
  bool fault_was_met() const;
  void fail_syncs(bool fail);
  void lie_about_syncs(bool lie);       // they succeed and do nothing: for controls
  void set_free(std::uint64_t octets);  // what disk_free() says; 0: writes answer Error{full}
  std::uint64_t free() const;
  std::uint64_t operations() const;
  // How often was read: stretches of keys, and small bodies.
  struct Reads {
    std::uint64_t scans = 0;
    std::uint64_t bodies = 0;
  };
  Reads reads() const;

  // The power goes. Snapshots that are still held answer Error{stale}.
  void crash();
  std::uint64_t crashes() const;
  // Which writes were lost in the last crash, of those that were not synced.
  std::uint64_t lost_writes() const;

  // --- keys
  Result<> stage(const Log::Write& write);  // written, not visible
  // What was staged becomes visible, and with `sync` everything is on stable storage.
  Result<> finish(bool sync);

  using Seq = std::uint64_t;
  Result<std::optional<std::string>> get(std::string_view key, Seq at) const;
  Result<std::vector<KeyValue>> scan(const Range& range, std::size_t limit, bool reverse,
                                     Seq at) const;
  Result<std::optional<std::string>> small_body(BodyId body) const;
  Seq pin();  // what is visible now stays readable until unpin()
  void unpin(Seq seq, std::uint64_t crashes);
  Seq visible() const;
  std::size_t keys() const;

  // --- files
  Result<std::unique_ptr<File>> create(BodyId body) override;
  Result<std::uint64_t> size(BodyId body) const override;
  Result<std::string> read(BodyId body, std::uint64_t offset, std::uint64_t length) const override;
  Result<> remove(BodyId body) override;
  Result<std::vector<BodyId>> list() const override;

  // All that is on stable storage, into an empty disk.
  Result<> copy_to(Disk& other) const;

 private:
  // The states of a key, the oldest first; nothing: erased.
  struct State {
    Seq since;
    std::optional<std::string> value;
  };
  using Keys = std::map<std::string, std::vector<State>, std::less<>>;
  struct FileState {
    std::string octets;
    std::size_t synced = 0;
    bool name_synced = false;
  };
  class OpenFile;

  Result<> operation() const;
  const std::optional<std::string>* find(const std::vector<State>& states, Seq at) const;
  void set(Keys& keys, Keys::iterator place, std::optional<std::string> value);
  void apply(const Batch::Op& op);
  void trim(std::vector<State>& states);
  std::uint64_t random();

  mutable std::mutex mutex_;
  Keys keys_;
  Keys bodies_;  // small ones, by big-endian id
  std::map<BodyId, FileState> files_;
  std::vector<std::pair<Keys*, std::string>> unsynced_;  // keys that changed since the last sync
  std::multiset<Seq> pinned_;
  Seq staged_ = 0;  // written
  Seq visible_ = 0;
  Seq synced_ = 0;
  std::uint64_t random_;
  std::uint64_t crashes_ = 0;
  std::uint64_t lost_ = 0;
  mutable std::uint64_t operations_ = 0;
  mutable Reads reads_;
  std::uint64_t fail_at_ = 0;
  mutable bool fault_met_ = false;
  bool syncs_fail_ = false;
  bool syncs_lie_ = false;
  std::uint64_t free_ = std::uint64_t{1} << 40;
};

}  // namespace posta::store::memory
