// descriptor.h: a file descriptor and its owner, and files that exist in memory alone.
//
// A memory file carries what is too long for a message (message.h): it is written once, sealed
// (memfd_create(2): it can no longer change or grow), and read whole by whoever receives it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/result.h"

namespace posta::guard {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Two ends that keep the borders of what is sent (SOCK_SEQPACKET): close-on-exec, non-blocking.
Result<std::pair<Descriptor, Descriptor>> packet_pair();

Result<Descriptor> to_memory_file(std::string_view octets);
// Error{corrupt} if it is not sealed, Error{limit} if it is longer than `octets_max`.
Result<std::string> from_memory_file(const Descriptor& file, Octets octets_max);

// "cannot DOING: WORDS OF ERRNO"; Error{denied} for EPERM and EACCES, else Error{unavailable}.
Failure system_failure(std::string_view doing);

}  // namespace posta::guard
