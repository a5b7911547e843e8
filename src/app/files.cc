#include "app/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/codec.h"

namespace posta::app {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPiece = 1 << 20;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

// Who owns `path`, or the innermost folder above it that can be looked at.
std::string owner_of(fs::path path) {
  struct stat status{};
  while (stat(path.c_str(), &status) != 0) {
    if (!path.has_relative_path()) return "root";
    path = path.parent_path();
  }
  passwd entry{};
  passwd* found = nullptr;
  std::string octets(1 << 14, '\0');
  getpwuid_r(status.st_uid, &entry, octets.data(), octets.size(), &found);
  return found ? found->pw_name : fmt::format("user {}", status.st_uid);
}

bool write_all(int file, std::string_view octets) {
  while (!octets.empty()) {
    ssize_t n = ::write(file, octets.data(), octets.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<std::string> whole_path(const std::string& typed) {
  if (typed.empty()) return fail(Error::Kind::config, "no directory is named, only \"\"");
  std::error_code error;
  fs::path path = fs::absolute(typed, error);
  if (error)
    return fail(Error::Kind::unavailable,
                "cannot find " + typed + " from the working directory: " + error.message());
  std::string out = path.lexically_normal().string();
  if (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

Failure cannot(const std::string& doing, const std::string& path) {
  int reason = errno;
  Error::Kind kind = reason == ENOSPC || reason == EDQUOT  ? Error::Kind::full
                     : reason == EACCES || reason == EPERM ? Error::Kind::denied
                     : reason == ENOENT                    ? Error::Kind::not_found
                                                           : Error::Kind::unavailable;
  std::string who;
  if (kind == Error::Kind::denied) {
    std::string owner = owner_of(path);
    who = fmt::format("; it belongs to {}: run this as root{}", owner,
                      owner == "root" ? "" : " or " + owner);
  }
  return fail(kind, fmt::format("cannot {} {}: {}{}", doing, path, strerror(reason), who));
}

Result<> sync_folder(const std::string& path) {
  Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || fsync(folder.get()) != 0) return cannot("sync", path);
  return {};
}

Result<> write_file_whole(const std::string& path, std::string_view octets,
                          const std::string& like) {
  std::string beside = path + ".new";
  {
    Descriptor file(
        open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return cannot("make", beside);
    struct stat owner{};
    if (!like.empty() && geteuid() == 0 && stat(like.c_str(), &owner) == 0 &&
        fchown(file.get(), owner.st_uid, owner.st_gid) != 0)
      return cannot("give away", beside);
    if (!write_all(file.get(), octets) || fsync(file.get()) != 0) {
      Failure error = cannot("write", beside);
      unlink(beside.c_str());
      return error;
    }
  }
  if (rename(beside.c_str(), path.c_str()) != 0) return cannot("name", path);
  return sync_folder(fs::path(path).parent_path().string());
}

Result<std::string> read_file(const std::string& path, Octets octets_max) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return cannot("read", path);
  std::string out;
  std::string piece(kPiece, '\0');
  for (;;) {
    ssize_t n = read(file.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot("read", path);
    if (n == 0) return out;
    out.append(piece, 0, static_cast<std::size_t>(n));
    if (out.size() > octets_max)
      return fail(Error::Kind::limit, fmt::format("{} is longer than {} octets", path, octets_max));
  }
}

Result<Summed> sum_file(const std::string& from, const std::string& to,
                        const std::function<void(Octets)>& told) {
  Descriptor in(open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status{};
  if (!in || fstat(in.get(), &status) != 0) return cannot("read", from);
  Descriptor out(to.empty() ? -1 : open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!to.empty()) {
    if (!out) return cannot("make", to);
    if (geteuid() == 0 && fchown(out.get(), status.st_uid, status.st_gid) != 0)
      return cannot("give away", to);
    if (fchmod(out.get(), status.st_mode & 0700) != 0) return cannot("close to others", to);
  }
  Summed sum;
  std::string piece(kPiece, '\0');
  for (;;) {
    ssize_t n = read(in.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot("read", from);
    if (n == 0) break;
    std::string_view octets(piece.data(), static_cast<std::size_t>(n));
    sum.crc = crc32c(octets, sum.crc);
    sum.octets += octets.size();
    if (out && !write_all(out.get(), octets)) return cannot("write", to);
    if (told) told(octets.size());
  }
  if (out && fsync(out.get()) != 0) return cannot("sync", to);
  return sum;
}

Result<std::vector<std::string>> list_files(
    const std::string& folder, const std::function<bool(const std::string&)>& leave_out) {
  std::vector<std::string> out;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error), end;
  while (!error && at != end) {
    std::string relative = at->path().lexically_relative(folder).string();
    bool left_out = leave_out && leave_out(relative);
    fs::file_type type = at->symlink_status(error).type();
    if (error) break;
    if (type == fs::file_type::directory) {
      if (left_out) at.disable_recursion_pending();
    } else if (!left_out && type == fs::file_type::regular) {
      out.push_back(std::move(relative));
    }
    at.increment(error);
  }
  if (error)
    return fail(Error::Kind::unavailable, "cannot read " + folder + ": " + error.message());
  std::ranges::sort(out);
  return out;
}

}  // namespace posta::app
