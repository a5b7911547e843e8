#include "net/asio/tcp_transport.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/check.h"

namespace posta::net::asio {

namespace {

constexpr std::uint32_t kInput = EPOLLIN | EPOLLRDHUP;

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

TcpTransport::TcpTransport(Reactor& reactor, Fd fd, const Endpoint& peer, const Endpoint& local)
    : reactor_(reactor), fd_(std::move(fd)), peer_(peer), local_(local) {}

Result<std::unique_ptr<TcpTransport>> TcpTransport::adopt(Reactor& reactor, Fd fd,
                                                          const Endpoint& peer,
                                                          const Endpoint& local, State state) {
  std::unique_ptr<TcpTransport> transport(new TcpTransport(reactor, std::move(fd), peer, local));
  bool connecting = state == State::connecting;
  transport->watches_output_ = connecting;
  transport->writable_ = !connecting;
  TRY(transport->token_,
      reactor.add(transport->fd_.get(), connecting ? kInput | EPOLLOUT : kInput, *transport));
  transport->registered_ = true;
  return transport;
}

TcpTransport::~TcpTransport() {
  if (registered_) reactor_.remove(token_);
}

Io TcpTransport::try_read(std::span<char> into) {
  if (!readable_) return {Io::Kind::again};
  for (;;) {
    ssize_t n = recv(fd_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (n > 0) {
      auto count = static_cast<std::size_t>(n);
      if (count < into.size() && !ended_) readable_ = false;
      return {Io::Kind::done, count};
    }
    if (n == 0) return {Io::Kind::eof};
    if (errno == EINTR) continue;
    if (!would_block(errno)) return {Io::Kind::failed};
    readable_ = false;
    return {Io::Kind::again};
  }
}

Io TcpTransport::try_write(std::string_view octets) {
  if (!writable_) return {Io::Kind::again};
  for (;;) {
    ssize_t n = send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) return {Io::Kind::done, static_cast<std::size_t>(n)};
    if (errno == EINTR) continue;
    if (!would_block(errno)) return {Io::Kind::failed};
    writable_ = false;
    if (!watches_output_) {  // asking anew reports room that has appeared meanwhile
      watches_output_ = true;
      reactor_.modify(token_, fd_.get(), kInput | EPOLLOUT);
    }
    return {Io::Kind::again};
  }
}

void TcpTransport::wait(Direction direction, Waiter& waiter) {
  bool reading = direction == Direction::read;
  Waiter*& place = reading ? reader_ : writer_;
  CHECK(!place);
  place = &waiter;
  if (reading ? readable_ : writable_) reactor_.notify_soon(token_, direction);
}

void TcpTransport::cancel(Direction direction) {
  (direction == Direction::read ? reader_ : writer_) = nullptr;
}

void TcpTransport::on_edges(std::uint32_t events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) ended_ = true;
  if (events & EPOLLIN || ended_) readable_ = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) writable_ = true;
}

void TcpTransport::notify(Direction direction) {
  bool reading = direction == Direction::read;
  if (!(reading ? readable_ : writable_)) return;
  if (Waiter* waiter = std::exchange(reading ? reader_ : writer_, nullptr)) waiter->ready();
}

void TcpTransport::shutdown_write() {
  shutdown(fd_.get(), SHUT_WR);
}

int TcpTransport::connected() {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  if (error == 0) local_ = local_endpoint(fd_.get());
  return error;
}

}  // namespace posta::net::asio
