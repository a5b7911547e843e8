#include "app/inherited.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace posta::app {

namespace {

bool takes_ipv4_too(int fd, const net::Endpoint& endpoint) {
  int only = 1;
  socklen_t length = sizeof only;
  return endpoint.ip.is_v6() && endpoint.ip.is_any() &&
         getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &length) == 0 && only == 0;
}

bool listens(int fd) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0;
}

}  // namespace

Result<Inherited> match_inherited(Config& config, const std::vector<guard::InheritedSocket>& all) {
  Inherited out;
  for (const guard::InheritedSocket& one : all) {
    net::asio::Fd fd(one.descriptor);
    fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    net::Endpoint endpoint = net::asio::local_endpoint(fd.get());
    if (!listens(fd.get()) || endpoint.port == 0)
      return fail(Error::Kind::config, "the socket " + one.name +
                                           " that the service manager opened does not listen on "
                                           "TCP");
    auto configured = all_listeners(config);
    auto found = std::ranges::find(configured, endpoint, &Listening::endpoint);
    if (found == configured.end()) {
      auto service = std::ranges::find(kDoors, one.name, &Door::service);
      if (service == std::end(kDoors))
        return fail(Error::Kind::config,
                    fmt::format("the service manager opened {} ({}), which is for no service: add "
                                "it to a listen key, or name the socket after its service",
                                endpoint.str(), one.name));
      (config.*service->endpoints).push_back(endpoint);
      configured = all_listeners(config);
      found = std::ranges::find(configured, endpoint, &Listening::endpoint);
    }
    if (takes_ipv4_too(fd.get(), endpoint))
      out.covered.push_back({net::IpAddress::v4({0, 0, 0, 0}), endpoint.port});
    OpenListener open{*found, {}};
    open.sockets.push_back(std::move(fd));
    out.open.push_back(std::move(open));
  }
  return out;
}

}  // namespace posta::app
