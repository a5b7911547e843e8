#include "store/rocksdb/sync_watch.h"

#include <string_view>

namespace posta::store::rocks {

using rocksdb::IOStatus;

class SyncWatch::LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::atomic<bool>& failed)
      : FSWritableFileOwnerWrapper(std::move(file)), failed_(failed) {}

  IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return note(FSWritableFileOwnerWrapper::Sync(options, debug));
  }
  IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return note(FSWritableFileOwnerWrapper::Fsync(options, debug));
  }

 private:
  IOStatus note(IOStatus status) {
    if (!status.ok()) failed_ = true;
    return status;
  }
  std::atomic<bool>& failed_;
};

IOStatus SyncWatch::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) {
  IOStatus status = FileSystemWrapper::NewWritableFile(name, options, result, debug);
  if (status.ok() && std::string_view(name).ends_with(".log"))
    *result = std::make_unique<LogFile>(std::move(*result), sync_failed_);
  return status;
}

}  // namespace posta::store::rocks
