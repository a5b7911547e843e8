#include "net/sim/link.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace posta::net::sim {

namespace {

constexpr std::size_t kTinyOctetsMax = 32;  // of a write that is cut into tiny pieces

}  // namespace

Link::Link(SimNetwork& network, std::uint64_t number, const Endpoint& client,
           const Endpoint& server)
    : network_(&network),
      alive_(network.self_),
      executor_(network.executor_),
      number_(number),
      endpoints_{client, server} {
  trace("open", 0);
}

void Link::trace(std::string_view what, int pipe, std::string_view octets) {
  executor_.trace(fmt::format("{} {} {}\n", what, number_, pipe));
  if (!octets.empty()) executor_.trace(octets);
}

bool Link::swallowed() const {
  return black_hole_ || alive_.expired() || network_->swallows(endpoints_[0].ip, endpoints_[1].ip);
}

Io Link::read(int end, std::span<char> into) {
  Pipe& pipe = pipes_[1 - end];
  if (failed_) return {Io::Kind::failed};
  if (pipe.arrived.empty()) return {pipe.ended ? Io::Kind::eof : Io::Kind::again};
  if (into.empty()) return {Io::Kind::again};
  std::size_t count = std::min(into.size(), pipe.arrived.size());
  auto& random = executor_.random_source();
  if (!alive_.expired() && random.chance(network_->settings_.short_read_percent))
    count = 1 + random.below(count);
  std::memcpy(into.data(), pipe.arrived.data(), count);
  pipe.arrived.erase(0, count);
  pipe.occupied -= count;
  wake(1 - end, Direction::write);
  return {Io::Kind::done, count};
}

Io Link::write(int end, std::string_view octets) {
  CHECK(!octets.empty());
  Pipe& pipe = pipes_[end];
  if (failed_ || pipe.ending) return {Io::Kind::failed};
  if (alive_.expired()) return {Io::Kind::again};
  const Settings& settings = network_->settings_;
  auto& random = executor_.random_source();
  if (network_->one_in_a_million(settings.resets_per_million)) {
    if (random.chance(50)) {
      reset();
      return {Io::Kind::failed};
    }
    executor_.post_after(network_->delay(), [self = shared_from_this()] { self->reset(); });
  }
  if (network_->one_in_a_million(settings.black_holes_per_million)) {
    black_hole_ = true;
    trace("black hole", end);
  }
  if (pipe.occupied >= settings.buffer_octets) return {Io::Kind::again};
  std::size_t count = std::min<std::size_t>(octets.size(), settings.buffer_octets - pipe.occupied);
  if (random.chance(settings.short_write_percent)) count = 1 + random.below(count);
  bool tiny = random.chance(settings.tiny_percent);
  if (tiny) count = std::min(count, kTinyOctetsMax);
  octets = octets.substr(0, count);
  while (!octets.empty()) {
    std::size_t size = 1 + random.below(tiny ? 3 : settings.piece_octets_max);
    send(end, {std::string(octets.substr(0, size))});
    octets.remove_prefix(std::min(size, octets.size()));
  }
  return {Io::Kind::done, count};
}

// Each piece is one step at a time of its own; whichever step comes first takes the piece that was
// sent first, so octets stay in order.
void Link::send(int end, Piece piece) {
  Pipe& pipe = pipes_[end];
  pipe.occupied += piece.octets.size();
  pipe.travelling.push_back(std::move(piece));
  Duration delay = alive_.expired() ? Duration::zero() : network_->delay();
  executor_.post_after(delay, [self = shared_from_this(), end] { self->arrive(end); });
}

void Link::arrive(int number) {
  Pipe& pipe = pipes_[number];
  if (failed_ || pipe.travelling.empty() || swallowed()) return;
  Piece piece = std::move(pipe.travelling.front());
  pipe.travelling.pop_front();
  int end = 1 - number;
  if (ends_[end].closed && !piece.last) {  // RFC 9293 §3.10.7.1: data for nobody is answered by RST
    reset();
    return;
  }
  trace(piece.last ? "end" : "octets", number, piece.octets);
  if (network_->watcher_ && !piece.octets.empty())
    network_->watcher_({number_, number == 1, endpoints_[0], endpoints_[1], piece.octets});
  pipe.arrived += piece.octets;
  if (piece.last) pipe.ended = true;
  wake(end, Direction::read);
}

void Link::retransmit() {
  if (alive_.expired()) return;
  for (int end : {0, 1}) {
    for (std::size_t i = pipes_[end].travelling.size(); i > 0; --i)
      executor_.post_after(network_->delay(),
                           [self = shared_from_this(), end] { self->arrive(end); });
  }
}

bool Link::ready(int end, Direction direction) const {
  if (failed_) return true;
  if (direction == Direction::read)
    return !pipes_[1 - end].arrived.empty() || pipes_[1 - end].ended;
  return !alive_.expired() &&
         (pipes_[end].occupied < network_->settings_.buffer_octets || pipes_[end].ending);
}

Waiter*& Link::waiter(int end, Direction direction) {
  return direction == Direction::read ? ends_[end].reader : ends_[end].writer;
}

void Link::wait(int end, Direction direction, Waiter& waiting) {
  CHECK(!waiter(end, direction));
  waiter(end, direction) = &waiting;
  wake(end, direction);
}

void Link::cancel(int end, Direction direction) {
  waiter(end, direction) = nullptr;
}

// As a step of its own, so that the seed decides who goes first.
void Link::wake(int end, Direction direction) {
  if (!waiter(end, direction) || !ready(end, direction)) return;
  executor_.post([self = shared_from_this(), end, direction] {
    if (!self->ready(end, direction)) return;
    if (Waiter* waiting = std::exchange(self->waiter(end, direction), nullptr)) waiting->ready();
  });
}

void Link::end_output(int end) {
  Pipe& pipe = pipes_[end];
  if (failed_ || pipe.ending) return;
  pipe.ending = true;
  send(end, {.octets = {}, .last = true});
}

void Link::close(int end) {
  ends_[end].reader = nullptr;
  ends_[end].writer = nullptr;
  if (ends_[end].closed) return;
  bool unread = !pipes_[1 - end].arrived.empty();
  if (unread && !swallowed()) {  // RFC 9293 §3.10.4 as all stacks do it: RST, RFC 2525 §2.17
    ends_[end].closed = true;
    reset();
  } else {
    end_output(end);
    ends_[end].closed = true;
  }
}

void Link::reset() {
  if (failed_) return;
  trace("reset", 0);
  failed_ = true;
  for (Pipe& pipe : pipes_) {
    pipe.travelling.clear();
    pipe.arrived.clear();
  }
  for (int end : {0, 1}) {
    wake(end, Direction::read);
    wake(end, Direction::write);
  }
}

}  // namespace posta::net::sim
