#include "store/rocksdb/fs_body_files.h"

#include "base/text.h"
#include "store/rocksdb/status.h"

namespace posta::store::rocks {

namespace {

constexpr std::size_t kCopyOctets = 1 << 20;

rocksdb::FileOptions file_options() {
  rocksdb::FileOptions options;
  options.use_mmap_writes = false;
  return options;
}

std::optional<BodyId> id_of(std::string_view name) {
  std::uint64_t id = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (name.size() != 16 || error != std::errc{} || end != name.data() + name.size())
    return std::nullopt;
  return BodyId(id);
}

bool is_folder(std::string_view name) {
  return name.size() == 12 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

class FsBodyFiles::OpenFile final : public BodyFiles::File {
 public:
  OpenFile(const FsBodyFiles& files, std::unique_ptr<rocksdb::FSWritableFile> file,
           std::string folder)
      : files_(files), file_(std::move(file)), folder_(std::move(folder)) {}
  ~OpenFile() override {
    if (file_) file_->Close({}, nullptr).PermitUncheckedError();
  }

  Result<> append(std::string_view octets) override {
    return result(file_->Append({octets.data(), octets.size()}, {}, nullptr),
                  "writing the file of a body");
  }

  Result<> sync() override {
    TRY_VOID(result(file_->Sync({}, nullptr), "syncing the file of a body"));
    TRY_VOID(result(file_->Close({}, nullptr), "closing the file of a body"));
    file_.reset();
    return files_.sync_directory(folder_);
  }

 private:
  const FsBodyFiles& files_;
  std::unique_ptr<rocksdb::FSWritableFile> file_;
  std::string folder_;
};

std::string FsBodyFiles::folder_of(BodyId body) const {
  return fmt::format("{}/{:012x}", directory_, body.value >> 16);
}

std::string FsBodyFiles::path_of(BodyId body) const {
  return fmt::format("{}/{:012x}/{:016x}", directory_, body.value >> 16, body.value);
}

Result<> FsBodyFiles::sync_directory(const std::string& directory) const {
  std::unique_ptr<rocksdb::FSDirectory> handle;
  TRY_VOID(result(fs_->NewDirectory(directory, {}, &handle, nullptr), "opening " + directory));
  TRY_VOID(result(handle->Fsync({}, nullptr), "syncing " + directory));
  handle->Close({}, nullptr).PermitUncheckedError();
  return {};
}

Result<> FsBodyFiles::start() {
  TRY_VOID(result(fs_->CreateDirIfMissing(directory_, {}, nullptr), "making " + directory_));
  std::size_t slash = directory_.rfind('/');
  return sync_directory(slash == std::string::npos ? "." : directory_.substr(0, slash));
}

Result<> FsBodyFiles::make_folder(const std::string& folder) {
  std::lock_guard lock(mutex_);
  if (folders_.contains(folder)) return {};
  TRY_VOID(result(fs_->CreateDirIfMissing(folder, {}, nullptr), "making " + folder));
  TRY_VOID(sync_directory(directory_));
  folders_.insert(folder);
  return {};
}

Result<std::unique_ptr<BodyFiles::File>> FsBodyFiles::create(BodyId body) {
  std::string folder = folder_of(body);
  TRY_VOID(make_folder(folder));
  std::unique_ptr<rocksdb::FSWritableFile> file;
  TRY_VOID(result(fs_->NewWritableFile(path_of(body), file_options(), &file, nullptr),
                  "making the file of a body"));
  return std::make_unique<OpenFile>(*this, std::move(file), std::move(folder));
}

Result<std::uint64_t> FsBodyFiles::size(BodyId body) const {
  std::uint64_t octets = 0;
  TRY_VOID(result(fs_->GetFileSize(path_of(body), {}, &octets, nullptr),
                  "looking at the file of a body"));
  return octets;
}

Result<std::string> FsBodyFiles::read(BodyId body, std::uint64_t offset,
                                      std::uint64_t length) const {
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  TRY_VOID(result(fs_->NewRandomAccessFile(path_of(body), file_options(), &file, nullptr),
                  "opening the file of a body"));
  std::string octets(length, '\0');
  rocksdb::Slice read;
  TRY_VOID(result(file->Read(offset, length, {}, &read, octets.data(), nullptr),
                  "reading the file of a body"));
  if (read.size() != length) return fail(Error::Kind::corrupt, "a body file is cut short");
  if (read.data() != octets.data()) std::memcpy(octets.data(), read.data(), length);
  return octets;
}

Result<> FsBodyFiles::remove(BodyId body) {
  auto status = fs_->DeleteFile(path_of(body), {}, nullptr);
  if (status.IsNotFound() || status.IsPathNotFound()) return {};
  return result(status, "removing the file of a body");
}

Result<std::vector<BodyId>> FsBodyFiles::list() const {
  std::vector<std::string> folders;
  std::vector<BodyId> out;
  TRY_VOID(result(fs_->GetChildren(directory_, {}, &folders, nullptr), "reading " + directory_));
  for (const std::string& folder : folders) {
    if (!is_folder(folder)) continue;
    std::vector<std::string> names;
    std::string path = directory_ + '/' + folder;
    TRY_VOID(result(fs_->GetChildren(path, {}, &names, nullptr), "reading " + path));
    for (const std::string& name : names)
      if (auto id = id_of(name)) out.push_back(*id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<> FsBodyFiles::copy_octets(const std::string& from, const std::string& to) const {
  std::unique_ptr<rocksdb::FSSequentialFile> in;
  std::unique_ptr<rocksdb::FSWritableFile> out;
  TRY_VOID(result(fs_->NewSequentialFile(from, file_options(), &in, nullptr), "opening " + from));
  TRY_VOID(result(fs_->NewWritableFile(to, file_options(), &out, nullptr), "making " + to));
  std::string room(kCopyOctets, '\0');
  while (true) {
    rocksdb::Slice read;
    TRY_VOID(result(in->Read(room.size(), {}, &read, room.data(), nullptr), "reading " + from));
    if (read.empty()) break;
    TRY_VOID(result(out->Append(read, {}, nullptr), "writing " + to));
  }
  TRY_VOID(result(out->Sync({}, nullptr), "syncing " + to));
  return result(out->Close({}, nullptr), "closing " + to);
}

Result<> FsBodyFiles::copy_to(const std::string& directory) const {
  FsBodyFiles to(fs_, directory);
  TRY_VOID(to.start());
  TRY(auto bodies, list());
  for (BodyId body : bodies) {
    TRY_VOID(to.make_folder(to.folder_of(body)));
    std::string path = to.path_of(body);
    auto linked = fs_->LinkFile(path_of(body), path, {}, nullptr);
    // A body whose writer gave up meanwhile is nobody's.
    if (linked.IsNotFound() || linked.IsPathNotFound()) continue;
    if (!linked.ok()) TRY_VOID(copy_octets(path_of(body), path));
  }
  for (const std::string& folder : to.folders_) TRY_VOID(sync_directory(folder));
  return {};
}

}  // namespace posta::store::rocks
