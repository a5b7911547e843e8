// network.h: the real network: TCP over IPv4 and IPv6, on the loops of runtime/asio.
//
// Only app and tests include this. Each loop has its own listener on the same endpoint
// (SO_REUSEPORT), so that the kernel spreads connections over the loops and none is handed from one
// to another.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "net/transport.h"

namespace posta::net::asio {

class AsioNetwork final : public Network {
 public:
  struct Options {
    int backlog = 1024;  // connections waiting for accept; the kernel caps it (somaxconn)
    Octets receive_buffer_octets = 0;  // SO_RCVBUF of each connection; 0: the kernel tunes it
    Octets send_buffer_octets = 0;     // SO_SNDBUF; as above
    bool keepalive = true;             // find peers that vanished while idle
    std::optional<IpAddress> from_ipv4 = {};  // where connections come from; none: the kernel's
    std::optional<IpAddress> from_ipv6 = {};  // choice
  };
  AsioNetwork() = default;
  explicit AsioNetwork(Options options) : options_(options) {}

  // Any thread, before or while the loop runs. Error{conflict} if another program has the port,
  // Error{denied}, Error{not_found} (not our address).
  Result<std::unique_ptr<Listener>> listen(Executor& executor, const Endpoint& endpoint) override;
  // Takes a listening TCP socket that somebody else opened (the supervisor, systemd). Several loops
  // may adopt the same one: each duplicates it, the caller keeps `fd`.
  Result<std::unique_ptr<Listener>> adopt(Executor& executor, int fd);

  // Error{timeout}, Error{cancelled} (stop), otherwise Error{unavailable} in words.
  Task<Result<std::unique_ptr<Transport>>> connect(Endpoint to, Duration timeout,
                                                   Stop* stop) override;

 private:
  Options options_;
  std::mutex mutex_;
  std::vector<Endpoint> taken_;  // by our own listeners; further ones may share them
};

// Every address of this machine's interfaces.
std::vector<IpAddress> local_addresses();

}  // namespace posta::net::asio
