// rocks_store.h: the parts, put together in the order in which they need each other.
#pragma once

#include "store/committer_thread.h"
#include "store/local_store.h"
#include "store/rocksdb/rocks_engine.h"

namespace posta::store::rocks {

struct EngineHolder {
  std::unique_ptr<RocksEngine> engine;
};

class RocksStore final : private EngineHolder, public LocalStore {
 public:
  RocksStore(std::unique_ptr<RocksEngine> on, Committer::Options options)
      : EngineHolder{std::move(on)}, LocalStore(*engine, std::move(options)) {}

  Result<> start() {
    TRY_VOID(LocalStore::start());
    thread_ = std::make_unique<CommitterThread>(committer());
    return {};
  }

  RocksEngine& rocks() { return *engine; }

 private:
  std::unique_ptr<CommitterThread> thread_;
};

}  // namespace posta::store::rocks
