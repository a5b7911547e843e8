// socket.h: a socket's descriptor and addresses, as values. For net/asio only.
#pragma once

#include <sys/socket.h>

#include <string_view>
#include <utility>

#include "base/result.h"
#include "net/endpoint.h"

namespace posta::net::asio {

// A file descriptor and its owner.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_address(const Endpoint& endpoint);
// IPv4 and IPv6 only; anything else is 0.0.0.0:0.
Endpoint to_endpoint(const SocketAddress& address);
Endpoint local_endpoint(int socket);

// The words and kind for errno after `doing` ("listen on 192.0.2.1:25").
Failure failure(int error, std::string_view doing);

}  // namespace posta::net::asio
