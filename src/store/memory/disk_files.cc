// disk_files.cc: the files of a Disk.
#include "base/check.h"
#include "store/memory/disk.h"

namespace posta::store::memory {

class Disk::OpenFile final : public BodyFiles::File {
 public:
  OpenFile(Disk& disk, BodyId body, std::uint64_t crashes)
      : disk_(disk), body_(body), crashes_(crashes) {}

  Result<> append(std::string_view octets) override {
    std::lock_guard lock(disk_.mutex_);
    TRY(FileState * file, state());
    if (disk_.free_ == 0) return fail(Error::Kind::full, "no space left on the disk");
    file->octets += octets;
    return {};
  }

  Result<> sync() override {
    std::lock_guard lock(disk_.mutex_);
    TRY(FileState * file, state());
    if (disk_.syncs_fail_) return fail(Error::Kind::unavailable, "input/output error (sync)");
    if (disk_.syncs_lie_) return {};
    file->synced = file->octets.size();
    file->name_synced = true;
    return {};
  }

 private:
  Result<FileState*> state() {
    TRY_VOID(disk_.operation());
    auto place = disk_.files_.find(body_);
    if (crashes_ != disk_.crashes_ || place == disk_.files_.end())
      return fail(Error::Kind::unavailable, "the file is gone");
    return &place->second;
  }
  Disk& disk_;
  BodyId body_;
  std::uint64_t crashes_;
};

Result<std::unique_ptr<BodyFiles::File>> Disk::create(BodyId body) {
  std::lock_guard lock(mutex_);
  TRY_VOID(operation());
  files_[body] = {};
  return std::make_unique<OpenFile>(*this, body, crashes_);
}

Result<std::uint64_t> Disk::size(BodyId body) const {
  std::lock_guard lock(mutex_);
  TRY_VOID(operation());
  auto place = files_.find(body);
  if (place == files_.end()) return fail(Error::Kind::not_found, "no such body");
  return place->second.octets.size();
}

Result<std::string> Disk::read(BodyId body, std::uint64_t offset, std::uint64_t length) const {
  std::lock_guard lock(mutex_);
  TRY_VOID(operation());
  auto place = files_.find(body);
  if (place == files_.end()) return fail(Error::Kind::not_found, "no such body");
  const std::string& octets = place->second.octets;
  if (offset > octets.size() || length > octets.size() - offset)
    return fail(Error::Kind::corrupt, "a body file is cut short");
  return octets.substr(offset, length);
}

Result<> Disk::remove(BodyId body) {
  std::lock_guard lock(mutex_);
  TRY_VOID(operation());
  files_.erase(body);
  return {};
}

Result<std::vector<BodyId>> Disk::list() const {
  std::lock_guard lock(mutex_);
  TRY_VOID(operation());
  std::vector<BodyId> out;
  for (const auto& [body, file] : files_) out.push_back(body);
  return out;
}

}  // namespace posta::store::memory
