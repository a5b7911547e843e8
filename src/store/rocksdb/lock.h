// lock.h: one process has a store open; the others are told who.
#pragma once

#include <string>

#include "base/result.h"

namespace posta::store::rocks {

class DirectoryLock {
 public:
  // Error{conflict} with the number and the name of the process that has it.
  static Result<DirectoryLock> take(const std::string& file);
  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace posta::store::rocks
