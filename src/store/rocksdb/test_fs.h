// test_fs.h: a file system with faults, for tests of the RocksDB backend.
//
//   fail_operation(n)   the n-th write, sync or change of a name from now fails
//   set_free(0)         every write answers "no space"; GetFreeSpace says what it was told
//   set_read_only()     every write answers "read-only"
//   cut(to)             a copy of the directory as a power cut would leave it now: of each file the
//                       synced octets and a random part of the others; of names made, renamed or
//                       removed since their directory was synced, a random choice
#pragma once

#include <rocksdb/file_system.h>

#include <map>
#include <mutex>

#include "store/suite.h"

namespace posta::store::rocks {

class TestFs final : public rocksdb::FileSystemWrapper {
 public:
  // `root`: everything of the store is below it.
  explicit TestFs(std::string root, std::uint64_t seed = 1);
  ~TestFs() override;
  const char* Name() const override { return "posta.test"; }

  void fail_operation(std::uint64_t n);
  bool fault_was_met() const;
  std::uint64_t operations() const;
  void set_free(std::uint64_t octets);
  void set_read_only(bool read_only);
  void fail_log_syncs(bool fail);  // with "no space"
  void cut(const std::string& to);

  using Status = rocksdb::IOStatus;
  using Debug = rocksdb::IODebugContext;
  using IO = rocksdb::IOOptions;
  Status NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                         std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  Status ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                            std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  Status ReuseWritableFile(const std::string& name, const std::string& old,
                           const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  Status NewDirectory(const std::string& name, const IO& io,
                      std::unique_ptr<rocksdb::FSDirectory>* directory, Debug* debug) override;
  Status CreateDir(const std::string& name, const IO& io, Debug* debug) override;
  Status CreateDirIfMissing(const std::string& name, const IO& io, Debug* debug) override;
  Status RenameFile(const std::string& from, const std::string& to, const IO& io,
                    Debug* debug) override;
  Status DeleteFile(const std::string& name, const IO& io, Debug* debug) override;
  Status LinkFile(const std::string& from, const std::string& to, const IO& io,
                  Debug* debug) override;
  Status GetFreeSpace(const std::string& path, const IO& io, std::uint64_t* octets,
                      Debug* debug) override;

 private:
  class File;
  class Directory;
  struct State {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
  };
  // A change of names that no sync of the directory has covered.
  struct Change {
    std::string directory;
    std::string made;      // a name that was not there, or was another file
    std::string from;      // if it was renamed: its name before
    std::string replaced;  // a name whose file is kept in `kept`
    std::string kept;
  };
  Status before(const char* what, bool takes_space = true);  // holds mutex_
  std::string keep(const std::string& name);
  void note_made(const std::string& name);
  void directory_synced(const std::string& name);

  const std::string root_;
  mutable std::mutex mutex_;
  suite::Random random_;
  std::map<std::string, State> files_;  // written since the beginning
  std::vector<Change> changes_;
  std::uint64_t kept_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t fail_at_ = 0;
  bool fault_met_ = false;
  bool read_only_ = false;
  bool log_syncs_fail_ = false;
  std::uint64_t free_ = std::uint64_t{1} << 40;
};

}  // namespace posta::store::rocks
