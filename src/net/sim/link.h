// link.h: one simulated connection: two pipes and who waits at their ends. For net/sim only.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>

#include "net/sim/sim_network.h"

namespace posta::net::sim {

// The state both ends share. Ends are 0 (who connected) and 1 (who accepted); pipe i carries what
// end i writes.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(SimNetwork& network, std::uint64_t number, const Endpoint& client, const Endpoint& server);

  Io read(int end, std::span<char> into);
  Io write(int end, std::string_view octets);
  void wait(int end, Direction direction, Waiter& waiter);
  void cancel(int end, Direction direction);
  void end_output(int end);
  void close(int end);
  void reset();       // both ends find the connection failed
  void retransmit();  // what was swallowed travels again

  const Endpoint& endpoint(int end) const { return endpoints_[end]; }
  bool open() const { return !ends_[0].closed || !ends_[1].closed; }

 private:
  struct Piece {
    std::string octets;
    bool last = false;  // the end of this direction
  };
  struct Pipe {
    std::deque<Piece> travelling;
    std::string arrived;
    std::size_t occupied = 0;  // octets travelling and arrived: bounded
    bool ending = false;       // the last piece was sent
    bool ended = false;        // ... and has arrived
  };
  struct End {
    Waiter* reader = nullptr;
    Waiter* writer = nullptr;
    bool closed = false;
  };

  bool ready(int end, Direction direction) const;
  Waiter*& waiter(int end, Direction direction);
  void wake(int end, Direction direction);
  void send(int end, Piece piece);
  void arrive(int pipe);
  bool swallowed() const;
  void trace(std::string_view what, int pipe, std::string_view octets = {});

  SimNetwork* network_;  // null: gone; then nothing moves any more
  std::weak_ptr<SimNetwork*> alive_;
  SimExecutor& executor_;
  std::uint64_t number_;
  std::array<Endpoint, 2> endpoints_;
  std::array<Pipe, 2> pipes_;
  std::array<End, 2> ends_;
  bool failed_ = false;
  bool black_hole_ = false;
};

class SimTransport final : public Transport {
 public:
  SimTransport(std::shared_ptr<Link> link, int end) : link_(std::move(link)), end_(end) {}
  ~SimTransport() override { link_->close(end_); }
  Io try_read(std::span<char> into) override { return link_->read(end_, into); }
  Io try_write(std::string_view octets) override { return link_->write(end_, octets); }
  void wait(Direction direction, Waiter& waiter) override { link_->wait(end_, direction, waiter); }
  void cancel(Direction direction) override { link_->cancel(end_, direction); }
  void shutdown_write() override { link_->end_output(end_); }
  const Endpoint& peer() const override { return link_->endpoint(1 - end_); }
  const Endpoint& local() const override { return link_->endpoint(end_); }

 private:
  std::shared_ptr<Link> link_;
  int end_;
};

}  // namespace posta::net::sim
