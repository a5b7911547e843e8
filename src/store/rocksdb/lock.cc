#include "store/rocksdb/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"

namespace posta::store::rocks {

namespace {

std::string read_some(int fd) {
  char octets[256];
  ssize_t n = pread(fd, octets, sizeof octets, 0);
  return std::string(trim(std::string_view(octets, n > 0 ? static_cast<std::size_t>(n) : 0)));
}

// "process 4711 (posta)", as far as it can be known.
std::string holder(int lock_fd) {
  std::string pid = read_some(lock_fd);
  if (!to_number<int>(pid)) return "another process";
  std::string name;
  int fd = ::open(fmt::format("/proc/{}/comm", pid).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    name = fmt::format(" ({})", printable(read_some(fd)));
    ::close(fd);
  }
  return fmt::format("process {}{}", pid, name);
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& file) {
  int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(errno == ENOENT ? Error::Kind::not_found : Error::Kind::unavailable,
                fmt::format("{}: {}", file, strerror(errno)));
  DirectoryLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0)
    return fail(Error::Kind::conflict,
                fmt::format("{}: the store is in use by {}", file, holder(fd)));
  std::string pid = fmt::format("{}\n", getpid());
  // For people only; the lock holds without it.
  if (ftruncate(fd, 0) == 0) (void)!pwrite(fd, pid.data(), pid.size(), 0);
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace posta::store::rocks
