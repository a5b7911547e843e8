// proxied.h: sessions that come through a proxy, which says for whom (net/proxy.h).
//
//   listener -- BehindProxy -- header -- the service, as if the client had come itself
//
// Who may say a PROXY header is a matter of configuration: a listener that expects one takes
// nothing else, and only from the networks of its proxies ("The PROXY protocol", §5). Anything else
// is closed without a word: no greeting may be spent on who cannot be told from a forger.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/events.h"
#include "base/limits.h"
#include "net/proxy.h"
#include "server/session/reception.h"
#include "server/session/sessions.h"

namespace posta::server {

struct ProxyLimits {
  std::chrono::seconds header_timeout{5};  // §2: a proxy sends its header at once
};

inline constexpr LimitInfo kProxyLimits[] = {
    {"proxy.header_timeout", "seconds", "the connection is closed", ""},
};

// A connection with other ends than its own, and some input that was read already.
class ProxiedTransport final : public net::Transport {
 public:
  ProxiedTransport(Executor& executor, std::unique_ptr<net::Transport> lower, net::ProxyEnds ends,
                   std::string early);
  ~ProxiedTransport() override;

  net::Io try_read(std::span<char> into) override;
  net::Io try_write(std::string_view octets) override { return lower_->try_write(octets); }
  void wait(net::Direction direction, net::Waiter& waiter) override;
  void cancel(net::Direction direction) override;
  void shutdown_write() override { lower_->shutdown_write(); }
  const net::Endpoint& peer() const override { return ends_.source; }
  const net::Endpoint& local() const override { return ends_.destination; }

 private:
  // Tells of early input in a turn of its own: ready() never comes inside wait().
  struct Soon final : runtime::Timer {
    void fire() override { std::exchange(waiter, nullptr)->ready(); }
    net::Waiter* waiter = nullptr;
  };
  Executor& executor_;
  std::unique_ptr<net::Transport> lower_;
  net::ProxyEnds ends_;
  std::string early_;
  std::size_t early_taken_ = 0;
  Soon soon_;
};

// One for each service and loop that has such listeners. Outlives its sessions.
class BehindProxy final : public Service {
 public:
  struct Deps {
    Service& service;
    Sessions& sessions;  // of this loop
    Events& events;
  };
  BehindProxy(Deps deps, std::string name, Networks proxies, ProxyLimits limits)
      : deps_(deps), name_(std::move(name)), proxies_(std::move(proxies)), limits_(limits) {}

  Task<> serve(std::unique_ptr<net::Transport> transport) override;
  // For connections that come later. Its loop's thread.
  void configure(Networks proxies) { proxies_ = std::move(proxies); }

 private:
  // The connection without its header; null if there was none.
  Task<std::unique_ptr<net::Transport>> unwrap(std::unique_ptr<net::Transport> transport);
  void refuse(const net::Endpoint& peer, std::string_view why);

  Deps deps_;
  std::string name_;  // of the service, in events
  Networks proxies_;
  ProxyLimits limits_;
};

}  // namespace posta::server
