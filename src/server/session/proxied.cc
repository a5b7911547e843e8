#include "server/session/proxied.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "net/stream.h"

namespace posta::server {

using net::Io;

ProxiedTransport::ProxiedTransport(Executor& executor, std::unique_ptr<net::Transport> lower,
                                   net::ProxyEnds ends, std::string early)
    : executor_(executor), lower_(std::move(lower)), ends_(ends), early_(std::move(early)) {}

ProxiedTransport::~ProxiedTransport() {
  executor_.remove(soon_);
}

Io ProxiedTransport::try_read(std::span<char> into) {
  if (early_taken_ == early_.size()) return lower_->try_read(into);
  std::size_t count = std::min(into.size(), early_.size() - early_taken_);
  std::memcpy(into.data(), early_.data() + early_taken_, count);
  early_taken_ += count;
  if (early_taken_ == early_.size()) {
    early_ = std::string();
    early_taken_ = 0;
  }
  return {Io::Kind::done, count};
}

void ProxiedTransport::wait(net::Direction direction, net::Waiter& waiter) {
  if (direction == net::Direction::write || early_taken_ == early_.size()) {
    lower_->wait(direction, waiter);
    return;
  }
  CHECK(!soon_.pending());
  soon_.waiter = &waiter;
  soon_.at = executor_.now();
  executor_.add(soon_);
}

void ProxiedTransport::cancel(net::Direction direction) {
  lower_->cancel(direction);
  if (direction == net::Direction::read) executor_.remove(soon_);
}

void BehindProxy::refuse(const net::Endpoint& peer, std::string_view why) {
  // server.proxy.refused: a connection to a listener of proxies that was none of theirs.
  deps_.events.emit({"server.proxy.refused",
                     {{"service", name_}, {"peer", peer.str()}, {"why", why}},
                     Severity::warning});
}

Task<std::unique_ptr<net::Transport>> BehindProxy::unwrap(
    std::unique_ptr<net::Transport> transport) {
  Executor& executor = co_await runtime::this_executor();
  const net::Endpoint peer = transport->peer();
  if (!proxies_.contain(peer.ip)) {
    refuse(peer, "not a proxy of ours");
    co_return nullptr;
  }
  net::Stream stream(executor, std::move(transport));
  Sessions::Presence presence(deps_.sessions, stream);
  stream.set_deadline(executor.now() + limits_.header_timeout);
  for (;;) {
    auto header = net::parse_proxy_header(stream.input());
    if (!header) {
      refuse(peer, header.error().what);
      co_return nullptr;
    }
    if (*header) {
      std::string early(stream.input().substr((*header)->octets));
      stream.consume(stream.input().size());
      net::ProxyEnds ends{peer, stream.local()};
      if ((*header)->ends) ends = *(*header)->ends;
      auto lower = stream.exchange_transport(nullptr);
      co_return std::make_unique<ProxiedTransport>(executor, std::move(lower), ends,
                                                   std::move(early));
    }
    Result<> more = co_await stream.fill();
    if (more) continue;
    refuse(peer, more.error().what);
    co_return nullptr;
  }
}

Task<> BehindProxy::serve(std::unique_ptr<net::Transport> transport) {
  auto client = co_await unwrap(std::move(transport));
  if (client) co_await deps_.service.serve_proxied(std::move(client));
}

}  // namespace posta::server
