#include "guard/descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace posta::guard {

namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  Descriptor old(std::exchange(fd_, other.release()));
  return *this;
}

Descriptor::~Descriptor() {
  if (valid()) close(fd_);
}

Failure system_failure(std::string_view doing) {
  int error = errno;
  bool denied = error == EPERM || error == EACCES;
  return fail(denied ? Error::Kind::denied : Error::Kind::unavailable,
              fmt::format("cannot {}: {}", doing, strerror(error)));
}

Result<std::pair<Descriptor, Descriptor>> packet_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return system_failure("make a pair of sockets");
  return std::pair(Descriptor(ends[0]), Descriptor(ends[1]));
}

Result<Descriptor> to_memory_file(std::string_view octets) {
  Descriptor file(memfd_create("posta", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return system_failure("make a file in memory");
  while (!octets.empty()) {
    ssize_t n = write(file.get(), octets.data(), octets.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_failure("write a file in memory");
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return system_failure("seal a file in memory");
  return file;
}

Result<std::string> from_memory_file(const Descriptor& file, Octets octets_max) {
  struct stat status{};
  // Not sealed, it could change while it is read.
  int seals = fcntl(file.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals || fstat(file.get(), &status) != 0)
    return fail(Error::Kind::corrupt, "what was handed over is not a sealed file in memory");
  auto size = static_cast<Octets>(status.st_size);
  if (size > octets_max)
    return fail(Error::Kind::limit,
                fmt::format("what was handed over has {} octets, over {}", size, octets_max));
  std::string out(size, '\0');
  for (std::size_t at = 0; at < out.size();) {
    ssize_t n = pread(file.get(), out.data() + at, out.size() - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_failure("read a file in memory");
    at += static_cast<std::size_t>(n);
  }
  return out;
}

}  // namespace posta::guard
