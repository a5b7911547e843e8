#include "net/asio/socket.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace posta::net::asio {

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

SocketAddress to_address(const Endpoint& endpoint) {
  SocketAddress address;
  const auto& octets = endpoint.ip.octets();
  if (endpoint.ip.is_v6()) {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(endpoint.port);
    std::memcpy(&in6.sin6_addr, octets.data(), 16);
    std::memcpy(&address.storage, &in6, sizeof in6);
    address.length = sizeof in6;
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, octets.data(), 4);
    std::memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  }
  return address;
}

Endpoint to_endpoint(const SocketAddress& address) {
  Endpoint endpoint;
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &address.storage, sizeof in6);
    std::array<std::uint8_t, 16> octets;
    std::memcpy(octets.data(), &in6.sin6_addr, 16);
    endpoint.ip = IpAddress::v6(octets);
    endpoint.port = ntohs(in6.sin6_port);
  } else if (address.storage.ss_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address.storage, sizeof in);
    std::array<std::uint8_t, 4> octets;
    std::memcpy(octets.data(), &in.sin_addr, 4);
    endpoint.ip = IpAddress::v4(octets);
    endpoint.port = ntohs(in.sin_port);
  }
  return endpoint;
}

Endpoint local_endpoint(int socket) {
  SocketAddress address;
  if (getsockname(socket, address.get(), &address.length) != 0) return {};
  return to_endpoint(address);
}

Failure failure(int error, std::string_view doing) {
  switch (error) {
    case EADDRINUSE:
      return fail(Error::Kind::conflict,
                  fmt::format("cannot {}: the port is taken by another program", doing));
    case EACCES:
    case EPERM:
      return fail(
          Error::Kind::denied,
          fmt::format("cannot {}: not permitted (ports below 1024 need privileges)", doing));
    case EADDRNOTAVAIL:
      return fail(Error::Kind::not_found,
                  fmt::format("cannot {}: this machine does not have the address", doing));
    case EMFILE:
      return fail(Error::Kind::unavailable,
                  fmt::format("cannot {}: this process may open no more descriptors (raise "
                              "LimitNOFILE or ulimit -n)",
                              doing));
    case ENFILE:
      return fail(
          Error::Kind::unavailable,
          fmt::format("cannot {}: the system may open no more files (raise fs.file-max)", doing));
    case ETIMEDOUT: return fail(Error::Kind::timeout, fmt::format("cannot {}: no answer", doing));
    default:
      return fail(Error::Kind::unavailable, fmt::format("cannot {}: {}", doing, strerror(error)));
  }
}

}  // namespace posta::net::asio
