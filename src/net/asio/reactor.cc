#include "net/asio/reactor.h"

#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace posta::net::asio {

boost::asio::execution_context::id Reactor::id;

Reactor::Reactor(boost::asio::execution_context& context)
    : service(context),
      context_(static_cast<boost::asio::io_context&>(context)),
      descriptor_(context_) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  CHECK(epoll_ >= 0);
}

Reactor::~Reactor() {
  if (epoll_ >= 0) close(epoll_);
}

void Reactor::shutdown() {
  if (!watching_) return;
  boost::system::error_code ignored;
  descriptor_.close(ignored);  // it owns epoll_
  epoll_ = -1;
}

Result<Reactor::Token> Reactor::add(int socket, std::uint32_t events, Source& source) {
  if (!watching_) {
    watching_ = true;
    boost::system::error_code error;
    descriptor_.assign(epoll_, error);
    CHECK(!error);
    watch();
  }
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.push_back({});
  }
  std::uint32_t index = free_.back();
  Slot& slot = slots_[index];
  Token token = std::uint64_t{slot.generation} << 32 | index;
  epoll_event event{.events = events | EPOLLET, .data = {.u64 = token}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0)
    return fail(Error::Kind::unavailable,
                fmt::format("cannot watch a socket: {}", strerror(errno)));
  free_.pop_back();
  slot.source = &source;
  return token;
}

void Reactor::modify(Token token, int socket, std::uint32_t events) {
  epoll_event event{.events = events | EPOLLET, .data = {.u64 = token}};
  CHECK(epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) == 0);
}

void Reactor::remove(Token token, int socket) {
  CHECK(find(token));
  if (socket >= 0) epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  auto index = static_cast<std::uint32_t>(token);
  slots_[index].source = nullptr;
  ++slots_[index].generation;
  free_.push_back(index);
}

Source* Reactor::find(Token token) {
  const Slot& slot = slots_[static_cast<std::uint32_t>(token)];
  return slot.generation == token >> 32 ? slot.source : nullptr;
}

void Reactor::notify_soon(Token token, Direction direction) {
  soon_.push_back({token, direction});
  if (!soon_posted_) post_soon();
}

// One round: what a source asks for meanwhile waits for the next.
void Reactor::post_soon() {
  soon_posted_ = true;
  boost::asio::post(context_, [this] {
    soon_posted_ = false;
    running_.swap(soon_);
    for (Soon soon : running_) {
      if (Source* source = find(soon.token)) source->notify(soon.direction);
    }
    running_.clear();
  });
}

void Reactor::watch() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& error) {
                           if (!error) turn();
                         });
}

void Reactor::turn() {
  [[clang::uninitialized]] epoll_event events[kEventsMax];
  int count = epoll_wait(epoll_, events, kEventsMax, 0);
  for (int i = 0; i < count; ++i) {
    Token token = events[i].data.u64;
    if (Source* source = find(token)) source->on_edges(events[i].events);
    // Output first: it frees memory. Either may end the source.
    if (Source* source = find(token)) source->notify(Direction::write);
    if (Source* source = find(token)) source->notify(Direction::read);
  }
  watch();
}

}  // namespace posta::net::asio
