// body_files.h: files of large bodies, as a backend keeps them. Everything blocks: worker pool.
#pragma once

#include "store/store.h"

namespace posta::store {

class BodyFiles {
 public:
  virtual ~BodyFiles() = default;

  // A file being written. Destroying it closes it.
  class File {
   public:
    virtual ~File() = default;
    virtual Result<> append(std::string_view octets) = 0;
    virtual Result<> sync() = 0;  // the octets, then the name
  };
  // An older file of this name is what an aborted writer left before a crash, and is replaced.
  virtual Result<std::unique_ptr<File>> create(BodyId body) = 0;

  virtual Result<std::uint64_t> size(BodyId body) const = 0;  // Error{not_found}
  // [offset, offset + length), all of it, or Error{not_found, corrupt}.
  virtual Result<std::string> read(BodyId body, std::uint64_t offset,
                                   std::uint64_t length) const = 0;
  virtual Result<> remove(BodyId body) = 0;  // none is fine
  virtual Result<std::vector<BodyId>> list() const = 0;
};

}  // namespace posta::store
