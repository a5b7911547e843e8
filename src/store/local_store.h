// local_store.h: a Store on this machine: the committer, bodies and heads over an Engine. What
// `memory` and `rocksdb` share, which is everything but the log and the reads.
#pragma once

#include "store/body_writer.h"
#include "store/engine.h"
#include "store/pack.h"

namespace posta::store {

class LocalStore : public Store {
 public:
  LocalStore(Engine& engine, Committer::Options options);

  // Checks the format (a new store gets one) and starts the committer. Blocks.
  Result<> start();

  std::shared_ptr<const Snapshot> snapshot() final { return engine_.snapshot(); }
  Task<Result<Committed>> commit(Batch batch) final;
  void commit_relaxed(Batch batch) final;
  bool spans_partitions() const final { return true; }
  bool has_head(Partition partition) const final;
  void offer_head(Partition partition, std::shared_ptr<const Head> head, Version as_of) final;
  std::unique_ptr<BodyWriter> new_body() final;
  Task<Result<std::string>> read_body(BodyRef body, std::uint64_t offset,
                                      std::uint64_t length) const final;
  Task<Result<std::uint64_t>> sweep_bodies() final;
  void subscribe(Subscriber subscriber) final { committer_.subscribe(std::move(subscriber)); }
  std::uint64_t disk_free() const final { return engine_.disk_free(); }
  const Limits& limits() const final { return limits_; }
  Task<Result<>> checkpoint(std::string directory) final;

  Committer& committer() { return committer_; }

  // The size of the body if every frame of its file is sound. Blocks.
  Result<std::uint64_t> check_file(BodyId body) const;

 private:
  Result<Octets> weigh(const Batch& batch) const;
  Result<FrameIndex> file_index(BodyId body) const;
  Result<> read_frames(BodyId body, const FrameIndex& index, std::size_t first, std::size_t last,
                       std::string& out) const;
  Result<std::string> read_file(BodyRef body, std::uint64_t offset, std::uint64_t length) const;
  Task<Result<std::uint64_t>> sweep(std::vector<BodyId> candidates);

  Engine& engine_;
  const Limits limits_;
  mutable Committer committer_;
  mutable Packer packer_;
  std::atomic<bool> files_listed_{false};  // the first sweep looks at every file
  std::mutex keeping_files_;               // a sweep's removals and a checkpoint's links: one
};

}  // namespace posta::store
