// engine.h: what an embedded backend implements; LocalStore makes a Store of it.
#pragma once

#include "store/body_files.h"
#include "store/committer.h"
#include "store/store.h"

namespace posta::store {

class Engine : public Log {
 public:
  // Any thread. Its version is exactly that of the last commit it contains.
  virtual std::shared_ptr<const Snapshot> snapshot() = 0;
  // The packed octets of a small body; nothing if there is none. Any thread.
  virtual Task<Result<std::optional<std::string>>> small_body(BodyId body) const = 0;
  // Has these keys at hand, so that the committer does not wait for the disk. Any thread.
  virtual Task<Result<>> warm(std::vector<std::string> keys) const = 0;
  virtual BodyFiles& files() = 0;
  // A consistent copy. Blocks. No body is swept meanwhile.
  virtual Result<> checkpoint(const std::string& directory) = 0;
};

}  // namespace posta::store
