// reactor.h: which sockets of one loop became ready.
//
// Boost.Asio (1.81) arms every wait anew with epoll_ctl(2). Here each socket is registered once,
// edge-triggered, in an epoll set of our own; Asio watches that set as one descriptor, and each
// turn of the loop takes all that happened from it with one system call. Sources remember the
// edges, so that a request and its answer cost one recv, one send and a share of three calls per
// turn (docs/design/0001).
//
// A source may be destroyed at any moment, also by another source's turn: events carry a token, not
// a pointer, and a token that is no longer known is dropped.
//
// One per loop, made on first use, gone with the loop's context. The loop's thread only.
#pragma once

#include <sys/epoll.h>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <vector>

#include "net/transport.h"

namespace posta::net::asio {

// Something with a socket.
class Source {
 public:
  // What epoll said: remember it, call nobody.
  virtual void on_edges(std::uint32_t events) = 0;
  // If this direction is ready and somebody waits for it, wake them. `this` may be gone afterwards.
  virtual void notify(Direction direction) = 0;

 protected:
  ~Source() = default;
};

class Reactor final : public boost::asio::execution_context::service {
 public:
  static boost::asio::execution_context::id id;
  using Token = std::uint64_t;

  explicit Reactor(boost::asio::execution_context& context);
  ~Reactor() override;

  // Watches `socket` for `events` (edge-triggered); what is ready already is an edge too.
  Result<Token> add(int socket, std::uint32_t events, Source& source);
  void modify(Token token, int socket, std::uint32_t events);
  // Forgets the source. Closing the socket takes it out of the set; one that stays open elsewhere
  // must be named.
  void remove(Token token, int socket = -1);

  // Calls notify(direction) soon: the source is ready without a new edge.
  void notify_soon(Token token, Direction direction);

 private:
  static constexpr int kEventsMax = 128;  // events a turn
  struct Slot {
    Source* source = nullptr;
    std::uint32_t generation = 0;
  };
  struct Soon {
    Token token;
    Direction direction;
  };

  void shutdown() override;
  void watch();
  void turn();
  void post_soon();
  Source* find(Token token);

  boost::asio::io_context& context_;
  int epoll_ = -1;
  boost::asio::posix::stream_descriptor descriptor_;  // epoll_, as Asio sees it
  bool watching_ = false;
  bool soon_posted_ = false;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<Soon> soon_;
  std::vector<Soon> running_;
};

}  // namespace posta::net::asio
