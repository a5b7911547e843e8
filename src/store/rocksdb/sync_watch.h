// sync_watch.h: a file system that remembers whether a sync of the log ever failed.
//
// RocksDB answers one status for a write. "No space" may have come from appending to the log (then
// nothing of the write is there) or from the sync (then nobody knows, and the process must end).
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>

namespace posta::store::rocks {

class SyncWatch final : public rocksdb::FileSystemWrapper {
 public:
  using rocksdb::FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "posta.sync-watch"; }

  bool sync_failed() const { return sync_failed_; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;

 private:
  class LogFile;
  std::atomic<bool> sync_failed_{false};
};

}  // namespace posta::store::rocks
