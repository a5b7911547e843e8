// listener.h: a listening TCP socket of one loop.
#pragma once

#include <coroutine>

#include "net/asio/reactor.h"
#include "net/asio/socket.h"
#include "net/transport.h"

namespace posta::net::asio {

class TcpListener final : public Listener, private Source {
 public:
  TcpListener(Reactor& reactor, Fd fd);
  ~TcpListener() override;

  Task<Result<std::unique_ptr<Transport>>> accept(Stop* stop) override;
  const Endpoint& local() const override { return local_; }

 private:
  // Connections taken one after the other before everybody else gets a turn.
  static constexpr int kAcceptsPerTurnMax = 64;

  struct Ready;
  void on_edges(std::uint32_t events) override;
  void notify(Direction direction) override;
  Result<std::unique_ptr<Transport>> take(Fd fd, const SocketAddress& peer);

  Reactor& reactor_;
  Fd fd_;
  Endpoint local_;
  Reactor::Token token_ = 0;
  bool registered_ = false;  // on the loop's thread, by the first accept
  bool readable_ = true;
  int accepted_ = 0;  // this turn
  std::coroutine_handle<> acceptor_;
};

}  // namespace posta::net::asio
