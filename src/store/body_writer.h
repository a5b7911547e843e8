// body_writer.h: a body on its way into the store.
//
// Small: octets are gathered in memory and packed by finish(); the batch carries them. Beyond
// `body_inline_max`: a file of frames (pack.h), written on the worker pool and synced by finish().
// A file is leased until its batch is committed, so that no sweep removes it; a writer that is
// destroyed without that removes its file.
#pragma once

#include "store/body_files.h"
#include "store/committer.h"
#include "store/pack.h"
#include "store/store.h"

namespace posta::store {

// What the committer must know of a body.
class StoredBody : public BodyWriter {
 public:
  virtual bool finished() const = 0;
  virtual const std::string* packed() const = 0;  // null: it is in a file
  virtual void keep() = 0;                        // it is committed, or may be
};

class LocalBodyWriter final : public StoredBody {
 public:
  struct Parts {
    Committer& committer;
    BodyFiles& files;
    Packer& packer;
    const Store& store;
  };
  explicit LocalBodyWriter(Parts parts);
  ~LocalBodyWriter() override;

  BodyRef ref() const override { return {id_, size_}; }
  Task<Result<>> write(std::string octets) override;
  Task<Result<>> finish() override;
  std::shared_ptr<const std::string> octets() const override { return octets_; }

  bool finished() const override { return finished_; }
  const std::string* packed() const override { return in_file_ ? nullptr : &buffer_; }
  void keep() override;

 private:
  // The buffer as whole frames into the file; with `last` all of it, the index, and the sync.
  Result<> drain(bool last);
  Task<Result<>> drain_on_worker(bool last);

  Parts parts_;
  BodyId id_;
  std::uint64_t size_ = 0;
  std::string buffer_;  // what is not in the file yet; when finished and small: packed
  std::shared_ptr<const std::string> octets_;  // of a small one, not packed
  bool in_file_ = false;
  bool finished_ = false;
  bool failed_ = false;
  bool kept_ = false;
  std::unique_ptr<BodyFiles::File> file_;
  FrameIndex index_;
};

}  // namespace posta::store
