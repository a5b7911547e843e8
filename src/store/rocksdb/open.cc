#include "store/rocksdb/open.h"

#include "store/rocksdb/rocks_store.h"

namespace posta::store::rocks {

Result<std::unique_ptr<Store>> open(const std::string& directory, Options options) {
  Committer::Options committer{
      .limits = options.limits, .fatal = options.fatal, .events = options.events};
  TRY(auto engine, RocksEngine::open(directory, std::move(options)));
  auto store = std::make_unique<RocksStore>(std::move(engine), std::move(committer));
  TRY_VOID(store->start());
  return store;
}

}  // namespace posta::store::rocks
