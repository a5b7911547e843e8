// stream.h: what a session talks through: buffered input, coalesced output, one lazy deadline.
//
//   while (!(line = next_line(stream.input()))) {
//     auto more = co_await stream.fill();
//     if (!more) ...                       timeout, closed, cancelled
//   }
//   stream.consume(line.size());
//   stream.put(reply);                      kept until flush: replies to a pipeline leave as one
//   write co_await stream.flush();
//
// An idle stream holds no buffers: it waits for readiness first and reads then (docs/design/0001).
// One task at a time reads, one executor's thread.
#pragma once

#include <coroutine>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "net/transport.h"

namespace posta::net {

class Stream {
 public:
  Stream(Executor& executor, std::unique_ptr<Transport> transport);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  // --- input
  std::string_view input() const { return std::string_view(in_).substr(taken_); }
  void consume(std::size_t octets);  // views from input() end here

  class Fill;
  // Waits until there is more input than before, or says why there will be none:
  //   Error{closed}     the peer ended its side, or the connection failed
  //   Error{timeout}    nothing came for `timeout`, or the deadline passed
  //   Error{cancelled}  interrupt() was called
  // It may return without more input; callers loop. At most `read_octets_max` at a time are added.
  Fill fill();

  // --- output
  void put(std::string_view octets) { out_ += octets; }
  std::string& out() { return out_; }  // for printers that append
  std::size_t unsent() const { return out_.size() - sent_; }

  class Flush;
  // Hands everything to the transport; the same errors as fill().
  Flush flush();

  // --- time and end
  void set_timeout(Duration timeout) { timeout_ = timeout; }  // of each wait
  void set_deadline(Instant deadline) {
    hard_deadline_ = deadline;
  }  // of all waits; Instant::max() none
  // Ends the current wait and all later ones with Error{cancelled}.
  void interrupt();
  bool interrupted() const { return interrupted_; }
  void shutdown_write();

  const Endpoint& peer() const;
  const Endpoint& local() const;
  Executor& executor() { return executor_; }
  Transport& transport() { return *transport_; }
  // Replaces the transport (TLS wraps the old one). There must be no unread input and no unsent
  // output.
  std::unique_ptr<Transport> exchange_transport(std::unique_ptr<Transport> transport);

  static constexpr Octets kReadOctetsMax = 64_KiB;

 private:
  struct Wait;  // the one waiter and deadline timer; stream.cc
  Executor& executor_;
  std::unique_ptr<Transport> transport_;
  std::string in_;
  std::size_t taken_ = 0;
  std::string out_;
  std::size_t sent_ = 0;
  Duration timeout_ = std::chrono::minutes(5);
  Instant hard_deadline_ = Instant::max();
  bool interrupted_ = false;
  std::unique_ptr<Wait> wait_;
};

}  // namespace posta::net
