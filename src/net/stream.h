// stream.h: what a session talks through: buffered input, coalesced output, one lazy deadline.
//
//   while (!(line = next_line(stream.input()))) {
//     auto more = co_await stream.fill();
//     if (!more) ...                       timeout, closed, cancelled
//   }
//   stream.consume(line.size());
//   stream.put(reply);                      kept until flush: replies to a pipeline leave as one
//   co_await stream.flush();                write
//
// An idle stream holds no buffers: it waits for readiness first and reads then (docs/design/0001).
// One task at a time reads, one (the same or another) flushes; all on one executor's thread.
#pragma once

#include <coroutine>
#include <cstdint>
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
  // It may return without more input; callers loop. At most kReadOctetsMax at a time are added.
  Fill fill();
  // Adds what has come already, without waiting. Error{closed, cancelled} as above.
  Result<> look();

  // --- output
  void put(std::string_view octets) { out_ += octets; }
  std::string& out() { return out_; }  // for printers that append
  std::size_t unsent() const { return out_.size() - sent_; }
  // What both buffers take, for whoever counts memory.
  std::size_t buffer_octets() const { return in_.capacity() + out_.capacity(); }

  class Flush;
  // Hands everything to the transport; the same errors as fill().
  Flush flush();

  // --- time and end
  void set_timeout(Duration timeout) { timeout_ = timeout; }  // of each wait
  void set_deadline(Instant deadline) {
    hard_deadline_ = deadline;
  }  // of all waits; Instant::max() none
  // Ends the current wait and all later ones with Error{cancelled}. What needs no wait still goes
  // out, so a last word ("421 closing") can be put and flushed afterwards.
  void interrupt();
  // Lets the current fill() (or else the next) return without more input: there is news for the
  // session, such as a change to announce while it idles.
  void nudge();
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
  enum class Outcome : std::uint8_t { fine, closed, timeout, cancelled };

  // One direction's wait: at most one coroutine, woken once, by the transport or the timer.
  struct Side final : Waiter {
    Side(Stream& s, Direction d) : stream(s), direction(d) {}
    void ready() override;

    Stream& stream;
    std::coroutine_handle<> handle;  // who waits; null: nobody
    Instant deadline{};              // of this wait
    Direction direction;
    Outcome outcome = Outcome::fine;  // of the last attempt
  };
  // One timer for both directions. It is armed when a wait begins and then left alone: if it fires
  // too early, because the deadline has moved, it is armed again. No heap operation per read.
  struct DeadlineTimer final : runtime::Timer {
    explicit DeadlineTimer(Stream& s) : stream(s) {}
    void fire() override { stream.on_timer(); }
    Stream& stream;
  };

  Io::Kind read_now();   // tries once; sets read_.outcome
  Io::Kind write_now();  // writes what can be written; sets write_.outcome
  bool begin_wait(Side& side, std::coroutine_handle<> handle);
  void abandon(Side& side);
  void resume(Side& side);
  void arm();
  void on_timer();
  Instant due(const Side& side) const;  // when the timer must end this wait
  void release_buffers();
  static Result<> to_result(Outcome outcome, const char* doing);

  Executor& executor_;
  std::unique_ptr<Transport> transport_;
  std::string in_;
  std::size_t taken_ = 0;
  std::string out_;
  std::size_t sent_ = 0;
  Duration timeout_ = std::chrono::minutes(5);
  Instant hard_deadline_ = Instant::max();
  Side read_{*this, Direction::read};
  Side write_{*this, Direction::write};
  DeadlineTimer timer_{*this};
  bool interrupted_ = false;
  bool nudged_ = false;
  bool write_failed_ = false;
  std::uint8_t eager_ = 0;  // reads since the last wait
};

// What fill() and flush() return: awaitables, not coroutines, so that waiting costs no frame. They
// try at once and suspend only if the transport says "again". A frame destroyed while it waits
// takes its wait along.
class [[nodiscard]] Stream::Fill {
 public:
  explicit Fill(Stream& stream) : stream_(stream) {}
  Fill(const Fill&) = delete;
  Fill& operator=(const Fill&) = delete;
  ~Fill();
  bool await_ready();
  bool await_suspend(std::coroutine_handle<> handle);
  Result<> await_resume();

 private:
  Stream& stream_;
  bool waiting_ = false;
};

class [[nodiscard]] Stream::Flush {
 public:
  explicit Flush(Stream& stream) : stream_(stream) {}
  Flush(const Flush&) = delete;
  Flush& operator=(const Flush&) = delete;
  ~Flush();
  bool await_ready();
  bool await_suspend(std::coroutine_handle<> handle);
  Result<> await_resume();

 private:
  Stream& stream_;
  bool waiting_ = false;
};

// Part of the budget of an idle connection (4 KiB, all told).
static_assert(sizeof(Stream) <= 320);

}  // namespace posta::net
