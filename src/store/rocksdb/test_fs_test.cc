// test_fs_test.cc: the file system with faults, itself (test_fs.h); part of the room's test
// program.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/rocksdb/test_fs.h"

namespace posta::store::rocks {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

namespace {

std::string directory_of(const std::string& name) {
  return fs::path(name).parent_path().string();
}

void copy_octets(const std::string& from, const std::string& to, std::uint64_t octets) {
  std::ifstream in(from, std::ios::binary);
  std::string content(octets, '\0');
  in.read(content.data(), static_cast<std::streamsize>(octets));
  content.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
  std::ofstream(to, std::ios::binary)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
}

}  // namespace

class TestFs::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSWritableFile>&& file, TestFs& fs, std::string name)
      : FSWritableFileOwnerWrapper(std::move(file)), fs_(fs), name_(std::move(name)) {}

  IOStatus Append(const rocksdb::Slice& data, const IO& io, Debug* debug) override {
    std::lock_guard lock(fs_.mutex_);
    IOStatus status = fs_.before("append");
    if (status.ok()) status = FSWritableFileOwnerWrapper::Append(data, io, debug);
    if (status.ok()) fs_.files_[name_].written += data.size();
    return status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IO& io, const rocksdb::DataVerificationInfo&,
                  Debug* debug) override {
    return Append(data, io, debug);
  }
  IOStatus Sync(const IO& io, Debug* debug) override {
    std::lock_guard lock(fs_.mutex_);
    IOStatus status = fs_.before("sync", false);
    if (fs_.log_syncs_fail_ && name_.ends_with(".log"))
      status = IOStatus::NoSpace("no space: sync");
    if (status.ok()) status = FSWritableFileOwnerWrapper::Sync(io, debug);
    if (status.ok()) fs_.files_[name_].synced = fs_.files_[name_].written;
    return status;
  }
  IOStatus Fsync(const IO& io, Debug* debug) override { return Sync(io, debug); }

 private:
  TestFs& fs_;
  std::string name_;
};

class TestFs::Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory>&& directory, TestFs& fs, std::string name)
      : FSDirectoryWrapper(std::move(directory)), fs_(fs), name_(std::move(name)) {}

  IOStatus Fsync(const IO& io, Debug* debug) override {
    std::lock_guard lock(fs_.mutex_);
    IOStatus status = fs_.before("sync of a directory", false);
    if (status.ok()) status = FSDirectoryWrapper::Fsync(io, debug);
    if (status.ok()) fs_.directory_synced(name_);
    return status;
  }
  IOStatus FsyncWithDirOptions(const IO& io, Debug* debug,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(io, debug);
  }

 private:
  TestFs& fs_;
  std::string name_;
};

// ------------------------------------------------------------------------------------------------
// faults

TestFs::TestFs(std::string root, std::uint64_t seed)
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      root_(fs::path(root).lexically_normal().string()),
      random_(seed) {
  fs::create_directories(root_ + ".kept");
}

TestFs::~TestFs() {
  std::error_code ignored;
  fs::remove_all(root_ + ".kept", ignored);
}

IOStatus TestFs::before(const char* what, bool takes_space) {
  if (++operations_ == fail_at_) {
    fault_met_ = true;
    return IOStatus::IOError(std::string("injected failure of ") + what);
  }
  if (read_only_) return IOStatus::IOError(std::string("read-only file system: ") + what);
  if (free_ == 0 && takes_space) return IOStatus::NoSpace(std::string("no space: ") + what);
  return IOStatus::OK();
}

void TestFs::fail_operation(std::uint64_t n) {
  std::lock_guard lock(mutex_);
  fail_at_ = n == 0 ? 0 : operations_ + n;
  fault_met_ = false;
}

bool TestFs::fault_was_met() const {
  std::lock_guard lock(mutex_);
  return fault_met_;
}

std::uint64_t TestFs::operations() const {
  std::lock_guard lock(mutex_);
  return operations_;
}

void TestFs::set_free(std::uint64_t octets) {
  std::lock_guard lock(mutex_);
  free_ = octets;
}

void TestFs::fail_log_syncs(bool fail) {
  std::lock_guard lock(mutex_);
  log_syncs_fail_ = fail;
}

void TestFs::set_read_only(bool read_only) {
  std::lock_guard lock(mutex_);
  read_only_ = read_only;
}

IOStatus TestFs::GetFreeSpace(const std::string&, const IO&, std::uint64_t* octets, Debug*) {
  std::lock_guard lock(mutex_);
  *octets = free_;
  return IOStatus::OK();
}

// ------------------------------------------------------------------------------------------------
// names

std::string TestFs::keep(const std::string& name) {
  if (!fs::exists(name)) return {};
  std::string kept = fmt::format("{}.kept/{}", root_, ++kept_);
  fs::create_hard_link(name, kept);
  auto state = files_.find(name);
  if (state != files_.end()) files_[kept] = state->second;
  return kept;
}

void TestFs::note_made(const std::string& name) {
  changes_.push_back({directory_of(name), name, "", "", ""});
}

void TestFs::directory_synced(const std::string& name) {
  std::erase_if(changes_, [&](const Change& change) {
    if (change.directory != fs::path(name).lexically_normal().string()) return false;
    if (!change.kept.empty()) fs::remove(change.kept);
    return true;
  });
}

IOStatus TestFs::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                 std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) {
  std::lock_guard lock(mutex_);
  IOStatus status = before("making a file");
  if (!status.ok()) return status;
  bool fresh = !fs::exists(name);
  std::unique_ptr<rocksdb::FSWritableFile> made;
  status = FileSystemWrapper::NewWritableFile(name, options, &made, debug);
  if (!status.ok()) return status;
  files_[name] = {};
  if (fresh) note_made(name);
  *file = std::make_unique<File>(std::move(made), *this, name);
  return status;
}

IOStatus TestFs::ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) {
  std::lock_guard lock(mutex_);
  IOStatus status = before("opening a file");
  if (!status.ok()) return status;
  std::unique_ptr<rocksdb::FSWritableFile> opened;
  status = FileSystemWrapper::ReopenWritableFile(name, options, &opened, debug);
  if (!status.ok()) return status;
  if (!files_.contains(name)) files_[name] = {fs::file_size(name), fs::file_size(name)};
  *file = std::make_unique<File>(std::move(opened), *this, name);
  return status;
}

IOStatus TestFs::ReuseWritableFile(const std::string&, const std::string&,
                                   const rocksdb::FileOptions&,
                                   std::unique_ptr<rocksdb::FSWritableFile>*, Debug*) {
  return IOStatus::NotSupported("logs are not recycled");
}

IOStatus TestFs::NewDirectory(const std::string& name, const IO& io,
                              std::unique_ptr<rocksdb::FSDirectory>* directory, Debug* debug) {
  std::unique_ptr<rocksdb::FSDirectory> opened;
  IOStatus status = FileSystemWrapper::NewDirectory(name, io, &opened, debug);
  if (status.ok()) *directory = std::make_unique<Directory>(std::move(opened), *this, name);
  return status;
}

IOStatus TestFs::CreateDir(const std::string& name, const IO& io, Debug* debug) {
  std::lock_guard lock(mutex_);
  IOStatus status = before("making a directory");
  return status.ok() ? FileSystemWrapper::CreateDir(name, io, debug) : status;
}

IOStatus TestFs::CreateDirIfMissing(const std::string& name, const IO& io, Debug* debug) {
  std::lock_guard lock(mutex_);
  if (fs::exists(name)) return IOStatus::OK();
  IOStatus status = before("making a directory");
  return status.ok() ? FileSystemWrapper::CreateDirIfMissing(name, io, debug) : status;
}

IOStatus TestFs::RenameFile(const std::string& from, const std::string& to, const IO& io,
                            Debug* debug) {
  std::lock_guard lock(mutex_);
  IOStatus status = before("a rename");
  if (!status.ok()) return status;
  bool is_file = fs::is_regular_file(from);
  std::string kept = is_file ? keep(to) : "";
  status = FileSystemWrapper::RenameFile(from, to, io, debug);
  if (!status.ok()) return status;
  if (!is_file) return status;
  if (files_.contains(from)) files_[to] = files_[from];
  files_.erase(from);
  changes_.push_back({directory_of(to), to, from, kept.empty() ? "" : to, kept});
  return status;
}

IOStatus TestFs::DeleteFile(const std::string& name, const IO& io, Debug* debug) {
  std::lock_guard lock(mutex_);
  IOStatus status = before("a removal", false);
  if (!status.ok()) return status;
  std::string kept = keep(name);
  status = FileSystemWrapper::DeleteFile(name, io, debug);
  if (!status.ok()) return status;
  files_.erase(name);
  changes_.push_back({directory_of(name), "", "", name, kept});
  return status;
}

IOStatus TestFs::LinkFile(const std::string& from, const std::string& to, const IO& io,
                          Debug* debug) {
  std::lock_guard lock(mutex_);
  IOStatus status = before("a link");
  if (!status.ok()) return status;
  status = FileSystemWrapper::LinkFile(from, to, io, debug);
  if (status.ok()) note_made(to);
  return status;
}

// ------------------------------------------------------------------------------------------------
// the cut

void TestFs::cut(const std::string& to) {
  std::lock_guard lock(mutex_);
  auto in_copy = [&](const std::string& name) {
    return to + fs::path(name).lexically_normal().string().substr(root_.size());
  };
  auto copy = [&](const std::string& from, const std::string& copied) {
    auto state = files_.find(from);
    if (state == files_.end()) {
      fs::copy_file(from, copied, fs::copy_options::overwrite_existing);
      return;
    }
    auto [written, synced] = state->second;
    std::uint64_t torn = written - synced;
    // The middle is rare by chance and common in the world: all, nothing, or a part.
    std::uint64_t more = torn == 0 ? 0 : random_.chance(30) ? torn : random_.below(torn + 1);
    copy_octets(from, copied, synced + more);
  };
  fs::create_directories(to);
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    std::string name = entry.path().string();
    if (entry.is_directory()) {
      fs::create_directories(in_copy(name));
    } else if (entry.is_regular_file() && entry.path().filename() != "lock") {
      copy(name, in_copy(name));
    }
  }
  // A file system writes its changes of names in order: the last ones may be missing.
  std::size_t there = random_.below(changes_.size() + 1);
  for (std::size_t i = changes_.size(); i > there; --i) {
    const Change& change = changes_[i - 1];
    if (!change.from.empty() && fs::exists(in_copy(change.made))) {
      fs::rename(in_copy(change.made), in_copy(change.from));
    } else if (!change.made.empty()) {
      fs::remove(in_copy(change.made));
    }
    if (!change.kept.empty() && fs::exists(change.kept))
      copy(change.kept, in_copy(change.replaced));
  }
}

}  // namespace posta::store::rocks
