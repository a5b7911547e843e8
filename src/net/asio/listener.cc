#include "net/asio/listener.h"

#include <sys/socket.h>

#include <cerrno>

#include "base/check.h"
#include "net/asio/tcp_transport.h"

namespace posta::net::asio {

namespace {

// accept(2): errors that belong to the one connection, which is gone.
bool of_the_connection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH: return true;
    default: return false;
  }
}

}  // namespace

TcpListener::TcpListener(Reactor& reactor, Fd fd)
    : reactor_(reactor), fd_(std::move(fd)), local_(local_endpoint(fd_.get())) {}

TcpListener::~TcpListener() {
  CHECK(!acceptor_);  // a task waits for what is being destroyed
  // An adopted socket stays open elsewhere, so closing ours would not take it out of the set.
  if (registered_) reactor_.remove(token_, fd_.get());
}

void TcpListener::on_edges(std::uint32_t) {
  readable_ = true;
}

void TcpListener::notify(Direction) {
  accepted_ = 0;
  if (auto handle = std::exchange(acceptor_, nullptr)) handle.resume();
}

// Suspends until notify(): an edge, a turn that came round, or a stop.
struct TcpListener::Ready {
  TcpListener& listener;
  bool waiting = false;

  explicit Ready(TcpListener& l) : listener(l) {}
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
  ~Ready() {
    if (waiting) listener.acceptor_ = nullptr;
  }
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    CHECK(!listener.acceptor_);  // one task at a time accepts
    waiting = true;
    listener.acceptor_ = handle;
  }
  void await_resume() noexcept { waiting = false; }
};

Task<Result<std::unique_ptr<Transport>>> TcpListener::accept(Stop* stop) {
  if (!registered_) {
    auto token = reactor_.add(fd_.get(), EPOLLIN, *this);
    if (!token) co_return Failure(token.error());
    token_ = *token;
    registered_ = true;
  }
  for (;;) {
    if (stop && stop->requested()) co_return fail(Error::Kind::cancelled, "no longer accepting");
    if (readable_ && accepted_ < kAcceptsPerTurnMax) {
      SocketAddress peer;
      Fd fd(accept4(fd_.get(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd.valid()) {
        ++accepted_;
        co_return take(std::move(fd), peer);
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        readable_ = false;
      } else if (!of_the_connection(errno)) {
        co_return failure(errno, "accept a connection");
      }
      continue;
    }
    if (readable_) reactor_.notify_soon(token_, Direction::read);
    runtime::Stop::Callback on_stop(stop,
                                    [this] { reactor_.notify_soon(token_, Direction::read); });
    co_await Ready(*this);
  }
}

Result<std::unique_ptr<Transport>> TcpListener::take(Fd fd, const SocketAddress& peer) {
  // A listener on any address learns which of ours the peer has called.
  Endpoint local = local_.ip.is_any() ? local_endpoint(fd.get()) : local_;
  TRY(auto transport, TcpTransport::adopt(reactor_, std::move(fd), to_endpoint(peer), local,
                                          TcpTransport::State::connected));
  return transport;
}

}  // namespace posta::net::asio
