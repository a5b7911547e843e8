#include "server/session/sessions.h"

#include <algorithm>

#include "base/check.h"
#include "runtime/sleep.h"

namespace posta::server {

Sessions::Sessions(Executor& executor) : executor_(executor), nursery_(executor) {}

Sessions::~Sessions() {
  CHECK(streams_.empty());
}

void Sessions::serve(std::unique_ptr<net::Listener> listener, Service& service) {
  accepting_.emplace_back(listener->local());
  nursery_.spawn(accept_loop(std::move(listener), service, std::prev(accepting_.end())));
}

void Sessions::stop_serving(const net::Endpoint& local) {
  for (auto one = accepting_.begin(); one != accepting_.end();)
    if (auto here = one++; here->local == local) here->stop.request();
}

void Sessions::serve_one(std::unique_ptr<net::Transport> transport, Service& service) {
  nursery_.spawn(service.serve(std::move(transport)));
}

Task<> Sessions::accept_loop(std::unique_ptr<net::Listener> listener, Service& service,
                             std::list<Accepting>::iterator place) {
  Duration pause = kAcceptPauseMin;
  while (!place->stop.requested()) {
    auto transport = co_await listener->accept(&place->stop);
    if (transport) {
      nursery_.spawn(service.serve(std::move(*transport)));
      pause = kAcceptPauseMin;
    } else if (!transport.error().is(Error::Kind::cancelled)) {
      co_await runtime::sleep_for(pause, &place->stop);
      pause = std::min<Duration>(2 * pause, kAcceptPauseMax);
    }
  }
  listener.reset();
  accepting_.erase(place);
}

Task<> Sessions::close(Duration grace) {
  struct Patience final : runtime::Timer {
    explicit Patience(Sessions& s) : sessions(s) {}
    void fire() override {
      for (net::Stream* stream : sessions.streams_) stream->interrupt();
    }
    Sessions& sessions;
  };
  nursery_.stop().request();
  for (auto one = accepting_.begin(); one != accepting_.end();) (one++)->stop.request();
  for (net::Stream* stream : streams_) stream->nudge();
  Patience patience(*this);
  patience.at = executor_.now() + grace;
  executor_.add(patience);
  co_await nursery_.join();
  executor_.remove(patience);
}

Sessions::Presence::Presence(Sessions& sessions, net::Stream& stream)
    : sessions_(sessions), place_(sessions.streams_.insert(sessions.streams_.end(), &stream)) {}

Sessions::Presence::~Presence() {
  sessions_.streams_.erase(place_);
}

}  // namespace posta::server
