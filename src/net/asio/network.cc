#include "net/asio/network.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "net/asio/listener.h"
#include "net/asio/socket.h"
#include "net/asio/tcp_transport.h"
#include "runtime/asio/loop.h"

namespace posta::net::asio {

namespace {

Reactor& reactor_of(Executor& executor) {
  auto* loop = dynamic_cast<runtime::asio::Loop*>(&executor);
  CHECK(loop);  // the real network needs a real loop
  return boost::asio::use_service<Reactor>(loop->context());
}

bool set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

Fd open_socket(const Endpoint& endpoint) {
  int family = endpoint.ip.is_v6() ? AF_INET6 : AF_INET;
  return Fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// Connections inherit all of it from their listener: accept(2) costs no further calls.
void set_connection_options(int fd, const AsioNetwork::Options& options) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // replies leave whole; Nagle would only delay them
  if (options.keepalive) set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (options.receive_buffer_octets > 0)
    set(fd, SOL_SOCKET, SO_RCVBUF, static_cast<int>(options.receive_buffer_octets));
  if (options.send_buffer_octets > 0)
    set(fd, SOL_SOCKET, SO_SNDBUF, static_cast<int>(options.send_buffer_octets));
}

enum class Share { no, yes };

Result<Fd> bind_socket(const Endpoint& endpoint, Share share) {
  std::string doing = "listen on " + endpoint.str();
  Fd fd = open_socket(endpoint);
  if (!fd.valid()) return failure(errno, doing);
  set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (share == Share::yes && !set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1))
    return failure(errno, doing);
  // IPv4 has listeners of its own; "::" must not take their connections as mapped addresses.
  if (endpoint.ip.is_v6()) set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  SocketAddress address = to_address(endpoint);
  if (bind(fd.get(), address.get(), address.length) != 0) return failure(errno, doing);
  return fd;
}

// SO_REUSEPORT would share the port with any other program of this user, a second posta for one. So
// look first, without it, whether the port is free.
Result<> look_whether_free(const Endpoint& endpoint) {
  TRY(Fd probe, bind_socket(endpoint, Share::no));
  return {};
}

}  // namespace

Result<Fd> open_another_listening(const Endpoint& endpoint, const AsioNetwork::Options& options) {
  TRY(Fd fd, bind_socket(endpoint, Share::yes));
  set_connection_options(fd.get(), options);
  if (::listen(fd.get(), options.backlog) != 0)
    return failure(errno, "listen on " + endpoint.str());
  return fd;
}

Result<Fd> open_listening(const Endpoint& endpoint, const AsioNetwork::Options& options) {
  if (endpoint.port != 0) TRY_VOID(look_whether_free(endpoint));
  return open_another_listening(endpoint, options);
}

Result<std::unique_ptr<Listener>> AsioNetwork::listen(Executor& executor,
                                                      const Endpoint& endpoint) {
  std::lock_guard lock(mutex_);
  Inherited* least = nullptr;
  for (Inherited& one : inherited_)
    if (one.endpoint == endpoint && (!least || one.used < least->used)) least = &one;
  if (least) {
    ++least->used;
    int fd = least->socket.get();
    return adopt(executor, fd);
  }
  bool ours = endpoint.port != 0 && std::ranges::find(taken_, endpoint) != taken_.end();
  if (endpoint.port != 0 && !ours) TRY_VOID(look_whether_free(endpoint));
  TRY(Fd fd, open_another_listening(endpoint, options_));
  auto listener = std::make_unique<TcpListener>(reactor_of(executor), std::move(fd));
  if (!ours) taken_.push_back(listener->local());
  return listener;
}

void AsioNetwork::inherit(const Endpoint& endpoint, Fd socket) {
  std::lock_guard lock(mutex_);
  inherited_.push_back({endpoint, std::move(socket), 0});
}

void AsioNetwork::disinherit(const Endpoint& endpoint) {
  std::lock_guard lock(mutex_);
  std::vector<Inherited> kept;
  for (Inherited& one : inherited_)
    if (one.endpoint != endpoint) kept.push_back(std::move(one));
  inherited_.swap(kept);
}

Result<std::unique_ptr<Listener>> AsioNetwork::adopt(Executor& executor, int fd) {
  int listening = 0;
  socklen_t length = sizeof listening;
  SocketAddress address;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0 || !listening ||
      getsockname(fd, address.get(), &address.length) != 0 ||
      (address.storage.ss_family != AF_INET && address.storage.ss_family != AF_INET6))
    return fail(Error::Kind::config,
                fmt::format("inherited descriptor {} is not a listening TCP socket", fd));
  Fd own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!own.valid()) return failure(errno, "take an inherited socket");
  int flags = fcntl(own.get(), F_GETFL);
  if (flags < 0 || fcntl(own.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return failure(errno, "take an inherited socket");
  set_connection_options(own.get(), options_);
  return std::make_unique<TcpListener>(reactor_of(executor), std::move(own));
}

namespace {

// Waits until a connecting socket is decided, the time is up, or a stop asks.
class Connecting final : public Waiter, public runtime::Timer {
 public:
  enum class Woke { decided, time, stopped };

  Connecting(Executor& executor, TcpTransport& transport, Instant deadline)
      : executor_(executor), transport_(transport) {
    at = deadline;
  }
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;
  ~Connecting() {
    executor_.remove(*this);
    if (handle_) transport_.cancel(Direction::write);
  }

  void ready() override { wake(Woke::decided); }
  void fire() override { wake(stopped_ ? Woke::stopped : Woke::time); }
  // By way of the timer: whoever stops is in the middle of something.
  void stop() {
    stopped_ = true;
    executor_.remove(*this);
    at = executor_.now();
    executor_.add(*this);
  }

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    if (!pending()) executor_.add(*this);
    transport_.wait(Direction::write, *this);
  }
  Woke await_resume() noexcept { return woke_; }

 private:
  void wake(Woke woke) {
    woke_ = woke;
    executor_.remove(*this);
    transport_.cancel(Direction::write);
    std::exchange(handle_, nullptr).resume();
  }

  Executor& executor_;
  TcpTransport& transport_;
  std::coroutine_handle<> handle_;
  Woke woke_ = Woke::decided;
  bool stopped_ = false;
};

}  // namespace

Task<Result<std::unique_ptr<Transport>>> AsioNetwork::connect(Endpoint to, Duration timeout,
                                                              Stop* stop) {
  Executor& executor = co_await runtime::this_executor();
  std::string doing = "connect to " + to.str();
  if (stop && stop->requested())
    co_return fail(Error::Kind::cancelled, fmt::format("{} was given up", doing));
  Fd fd = open_socket(to);
  if (!fd.valid()) co_return failure(errno, doing);
  set_connection_options(fd.get(), options_);
  if (const auto& from = to.ip.is_v6() ? options_.from_ipv6 : options_.from_ipv4) {
    SocketAddress source = to_address({*from, 0});
    if (bind(fd.get(), source.get(), source.length) != 0)
      co_return failure(errno, fmt::format("{} from {}", doing, from->str()));
  }
  SocketAddress address = to_address(to);
  if (::connect(fd.get(), address.get(), address.length) != 0 && errno != EINPROGRESS)
    co_return failure(errno, doing);
  CO_TRY(auto transport, TcpTransport::adopt(reactor_of(executor), std::move(fd), to, Endpoint{},
                                             TcpTransport::State::connecting));
  Connecting connecting(executor, *transport, executor.now() + timeout);
  Connecting::Woke woke;
  {
    runtime::Stop::Callback on_stop(stop, [&connecting] { connecting.stop(); });
    woke = co_await connecting;
  }
  switch (woke) {
    case Connecting::Woke::time:
      co_return fail(Error::Kind::timeout, fmt::format("cannot {}: no answer in time", doing));
    case Connecting::Woke::stopped:
      co_return fail(Error::Kind::cancelled, fmt::format("{} was given up", doing));
    case Connecting::Woke::decided: break;
  }
  if (int error = transport->connected(); error != 0) co_return failure(error, doing);
  co_return std::move(transport);
}

std::vector<IpAddress> local_addresses() {
  std::vector<IpAddress> out;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return out;
  for (const ifaddrs* one = all; one; one = one->ifa_next) {
    int family = one->ifa_addr ? one->ifa_addr->sa_family : AF_UNSPEC;
    if (family != AF_INET && family != AF_INET6) continue;
    SocketAddress address;
    std::memcpy(address.get(), one->ifa_addr,
                family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    out.push_back(to_endpoint(address).ip);
  }
  freeifaddrs(all);
  return out;
}

}  // namespace posta::net::asio
