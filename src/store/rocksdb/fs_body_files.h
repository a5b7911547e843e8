// fs_body_files.h: large bodies, each a file: bodies/<id / 65,536>/<id>, in hexadecimal.
//
// Goes through RocksDB's file system, so that one wrapper cuts the power, or fails the N-th write,
// for keys and bodies alike.
#pragma once

#include <rocksdb/file_system.h>

#include <mutex>

#include "store/body_files.h"

namespace posta::store::rocks {

class FsBodyFiles final : public BodyFiles {
 public:
  FsBodyFiles(std::shared_ptr<rocksdb::FileSystem> fs, std::string directory)
      : fs_(std::move(fs)), directory_(std::move(directory)) {}

  Result<> start();  // makes the directory

  Result<std::unique_ptr<File>> create(BodyId body) override;
  Result<std::uint64_t> size(BodyId body) const override;
  Result<std::string> read(BodyId body, std::uint64_t offset, std::uint64_t length) const override;
  Result<> remove(BodyId body) override;
  Result<std::vector<BodyId>> list() const override;

  // Every file, as a link or a copy, synced, under another directory.
  Result<> copy_to(const std::string& directory) const;

 private:
  class OpenFile;
  std::string folder_of(BodyId body) const;
  std::string path_of(BodyId body) const;
  Result<> make_folder(const std::string& folder);
  Result<> sync_directory(const std::string& directory) const;
  Result<> copy_octets(const std::string& from, const std::string& to) const;

  std::shared_ptr<rocksdb::FileSystem> fs_;
  std::string directory_;
  std::mutex mutex_;
  std::set<std::string> folders_;  // that are there, for good
};

}  // namespace posta::store::rocks
