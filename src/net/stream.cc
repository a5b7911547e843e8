#include "net/stream.h"

#include <algorithm>

#include "base/check.h"

namespace posta::net {

namespace {

// Reads go through the stack, so that a short line costs no large buffer. What fills it is bulk,
// and is read straight into the input.
constexpr std::size_t kScratchOctets = 16_KiB;
// With this much room left in the input, reading goes straight there.
constexpr std::size_t kRoomOctets = 4_KiB;
// Capacity that a waiting stream may keep beside what it holds.
constexpr std::size_t kSlackOctets = 1_KiB;
// Reads that succeed at once before the task must wait its turn: a peer that never stops sending
// gets no more than its share of the loop, and the deadline is looked at.
constexpr std::uint8_t kEagerReadsMax = 8;

void shrink(std::string& buffer) {
  if (buffer.empty()) {
    std::string().swap(buffer);  // assigning an empty string would keep the capacity
  } else if (buffer.capacity() > 2 * buffer.size() + kSlackOctets) {
    buffer.shrink_to_fit();
  }
}

}  // namespace

Stream::Stream(Executor& executor, std::unique_ptr<Transport> transport)
    : executor_(executor), transport_(std::move(transport)) {
  CHECK(transport_);
}

Stream::~Stream() {
  CHECK(!read_.handle && !write_.handle);  // a task waits for what is being destroyed
  executor_.remove(timer_);
}

void Stream::consume(std::size_t octets) {
  CHECK(octets <= in_.size() - taken_);
  taken_ += octets;
  if (taken_ == in_.size()) {
    in_.clear();
    taken_ = 0;
  }
}

Stream::Fill Stream::fill() {
  return Fill(*this);
}

Stream::Flush Stream::flush() {
  return Flush(*this);
}

Result<> Stream::look() {
  CHECK(!read_.handle);  // one task at a time reads
  if (interrupted_)
    read_.outcome = Outcome::cancelled;
  else
    read_now();
  return to_result(read_.outcome, "looking for input");
}

const Endpoint& Stream::peer() const {
  return transport_->peer();
}

const Endpoint& Stream::local() const {
  return transport_->local();
}

void Stream::shutdown_write() {
  transport_->shutdown_write();
}

std::unique_ptr<Transport> Stream::exchange_transport(std::unique_ptr<Transport> transport) {
  CHECK(in_.empty() && out_.empty() && !read_.handle && !write_.handle);
  return std::exchange(transport_, std::move(transport));
}

Io::Kind Stream::read_now() {
  if (taken_ > 0) {
    in_.erase(0, taken_);
    taken_ = 0;
  }
  read_.outcome = Outcome::fine;
  std::size_t added = 0;
  if (in_.capacity() - in_.size() < kRoomOctets) {
    [[clang::uninitialized]] char scratch[kScratchOctets];
    Io io = transport_->try_read(scratch);
    if (io.kind != Io::Kind::done) {
      if (io.kind != Io::Kind::again) read_.outcome = Outcome::closed;
      return io.kind;
    }
    in_.append(scratch, io.count);
    if (io.count < sizeof scratch) return io.kind;
    added = io.count;
    in_.reserve(in_.size() + kReadOctetsMax - added);
  }
  std::size_t old = in_.size();
  std::size_t room = std::min<std::size_t>(in_.capacity() - old, kReadOctetsMax - added);
  Io io;
  in_.resize_and_overwrite(old + room, [&](char* octets, std::size_t) {
    io = transport_->try_read(std::span(octets + old, room));
    return old + (io.kind == Io::Kind::done ? io.count : 0);
  });
  if (added > 0) return Io::Kind::done;  // whatever this one said, the next read will say again
  if (io.kind == Io::Kind::eof || io.kind == Io::Kind::failed) read_.outcome = Outcome::closed;
  return io.kind;
}

Io::Kind Stream::write_now() {
  write_.outcome = Outcome::fine;
  while (!write_failed_ && sent_ < out_.size()) {
    Io io = transport_->try_write(std::string_view(out_).substr(sent_));
    if (io.kind == Io::Kind::again) return io.kind;
    if (io.kind == Io::Kind::done) {
      sent_ += io.count;
    } else {
      write_failed_ = true;
    }
  }
  out_.clear();
  sent_ = 0;
  if (!write_failed_) return Io::Kind::done;
  write_.outcome = Outcome::closed;
  return Io::Kind::failed;
}

// --- waiting

// False: it ended already, see the outcome.
bool Stream::begin_wait(Side& side, std::coroutine_handle<> handle) {
  CHECK(!side.handle);
  if (interrupted_) {
    side.outcome = Outcome::cancelled;
    return false;
  }
  Instant now = executor_.now();
  side.deadline = timeout_ < Instant::max() - now ? now + timeout_ : Instant::max();
  side.deadline = std::min(side.deadline, hard_deadline_);
  if (side.deadline <= now) {
    side.outcome = Outcome::timeout;
    return false;
  }
  side.handle = handle;
  release_buffers();
  arm();
  transport_->wait(side.direction, side);
  return true;
}

void Stream::abandon(Side& side) {
  if (!side.handle) return;
  side.handle = nullptr;
  transport_->cancel(side.direction);
}

void Stream::resume(Side& side) {
  std::exchange(side.handle, nullptr).resume();  // the stream may be gone afterwards
}

// The transport says that trying again makes sense. Part of a TLS record, or room for part of the
// output, does not wake the task.
void Stream::Side::ready() {
  CHECK(handle);
  Io::Kind kind = direction == Direction::read ? stream.read_now() : stream.write_now();
  if (kind != Io::Kind::again) {
    stream.resume(*this);
    return;
  }
  if (direction == Direction::write) {  // some of it left: the peer is slow, not dead
    std::coroutine_handle<> waiting = std::exchange(handle, nullptr);
    if (!stream.begin_wait(*this, waiting)) waiting.resume();
    return;
  }
  stream.transport_->wait(direction, *this);
}

Instant Stream::due(const Side& side) const {
  if (!side.handle) return Instant::max();
  if (interrupted_ || (nudged_ && &side == &read_)) return Instant::min();
  return side.deadline;
}

void Stream::arm() {
  Instant at = std::min(due(read_), due(write_));
  if (at == Instant::max()) return;  // a pending timer will find nothing to do
  at = std::max(at, executor_.now());
  if (timer_.pending() && timer_.at <= at) return;
  executor_.remove(timer_);
  timer_.at = at;
  executor_.add(timer_);
}

void Stream::on_timer() {
  Instant now = executor_.now();
  Side* side = due(read_) <= now ? &read_ : due(write_) <= now ? &write_ : nullptr;
  if (!side) {
    arm();
    return;
  }
  side->outcome = interrupted_                                      ? Outcome::cancelled
                  : side == &read_ && std::exchange(nudged_, false) ? Outcome::fine
                                                                    : Outcome::timeout;
  transport_->cancel(side->direction);
  std::coroutine_handle<> handle = std::exchange(side->handle, nullptr);
  arm();            // for the other direction
  handle.resume();  // the stream may be gone afterwards
}

// The timer ends the waits, not this call: whoever interrupts is in the middle of something.
void Stream::interrupt() {
  interrupted_ = true;
  arm();
}

void Stream::nudge() {
  nudged_ = true;
  arm();
}

void Stream::release_buffers() {
  shrink(in_);
  shrink(out_);
}

Result<> Stream::to_result(Outcome outcome, const char* doing) {
  switch (outcome) {
    case Outcome::fine: return {};
    case Outcome::closed: return fail(Error::Kind::closed, "the connection was closed");
    case Outcome::timeout: return fail(Error::Kind::timeout, std::string("timeout while ") + doing);
    case Outcome::cancelled: return fail(Error::Kind::cancelled, "the connection is shutting down");
  }
  CHECK(!"an unknown outcome");
}

// --- the awaitables

Stream::Fill::~Fill() {
  if (waiting_) stream_.abandon(stream_.read_);
}

bool Stream::Fill::await_ready() {
  CHECK(!stream_.read_.handle);  // one task at a time reads
  if (stream_.interrupted_) {
    stream_.read_.outcome = Outcome::cancelled;
    return true;
  }
  if (std::exchange(stream_.nudged_, false)) {
    stream_.read_.outcome = Outcome::fine;
    return true;
  }
  if (stream_.eager_ >= kEagerReadsMax) return false;
  ++stream_.eager_;
  return stream_.read_now() != Io::Kind::again;
}

bool Stream::Fill::await_suspend(std::coroutine_handle<> handle) {
  stream_.eager_ = 0;
  waiting_ = stream_.begin_wait(stream_.read_, handle);
  return waiting_;
}

Result<> Stream::Fill::await_resume() {
  waiting_ = false;
  return to_result(stream_.read_.outcome, "waiting for input");
}

Stream::Flush::~Flush() {
  if (waiting_) stream_.abandon(stream_.write_);
}

bool Stream::Flush::await_ready() {
  CHECK(!stream_.write_.handle);  // one task at a time flushes
  return stream_.write_now() != Io::Kind::again;
}

bool Stream::Flush::await_suspend(std::coroutine_handle<> handle) {
  waiting_ = stream_.begin_wait(stream_.write_, handle);
  return waiting_;
}

Result<> Stream::Flush::await_resume() {
  waiting_ = false;
  return to_result(stream_.write_.outcome, "sending");
}

}  // namespace posta::net
