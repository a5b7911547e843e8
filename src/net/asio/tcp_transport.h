// tcp_transport.h: a TCP connection.
//
// Knows from the edges it has seen (reactor.h) whether a read or write can succeed, and says
// "again" without a system call if it cannot: a read that took less than it was offered has emptied
// the socket (epoll(7), question 9), unless the peer has ended its side.
#pragma once

#include "net/asio/reactor.h"
#include "net/asio/socket.h"
#include "net/transport.h"

namespace posta::net::asio {

class TcpTransport final : public Transport, private Source {
 public:
  // The socket is connected, or connecting: then it becomes writable when that is decided.
  enum class State { connected, connecting };
  static Result<std::unique_ptr<TcpTransport>> adopt(Reactor& reactor, Fd fd, const Endpoint& peer,
                                                     const Endpoint& local, State state);
  ~TcpTransport() override;

  Io try_read(std::span<char> into) override;
  Io try_write(std::string_view octets) override;
  void wait(Direction direction, Waiter& waiter) override;
  void cancel(Direction direction) override;
  void shutdown_write() override;
  const Endpoint& peer() const override { return peer_; }
  const Endpoint& local() const override { return local_; }

  // Connecting: 0, or the errno that ended it. To be asked when it is writable.
  int connected();

 private:
  TcpTransport(Reactor& reactor, Fd fd, const Endpoint& peer, const Endpoint& local);

  void on_edges(std::uint32_t events) override;
  void notify(Direction direction) override;

  Reactor& reactor_;
  Reactor::Token token_ = 0;
  Waiter* reader_ = nullptr;
  Waiter* writer_ = nullptr;
  Fd fd_;
  bool registered_ = false;
  bool watches_output_ = false;  // only once the socket was full
  bool readable_ = false;        // registering reports what has come already
  bool writable_ = true;
  bool ended_ = false;  // the peer ended its side, or the connection failed: no further edges
  Endpoint peer_;
  Endpoint local_;
};

static_assert(sizeof(TcpTransport) <= 112);  // part of the budget of an idle connection

}  // namespace posta::net::asio
