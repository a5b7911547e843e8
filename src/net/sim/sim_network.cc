#include "net/sim/sim_network.h"

#include <algorithm>

#include "base/check.h"
#include "net/sim/link.h"
#include "net/sim/sim_listener.h"

namespace posta::net::sim {

namespace {

const IpAddress kHome = IpAddress::v4({127, 0, 0, 1});

}  // namespace

class SimNetwork::Host final : public Network {
 public:
  Host(SimNetwork& network, const IpAddress& address) : network_(network), address_(address) {}
  Result<std::unique_ptr<Listener>> listen(Executor&, const Endpoint& endpoint) override {
    return network_.listen_at(address_, endpoint);
  }
  Task<Result<std::unique_ptr<Transport>>> connect(Endpoint to, Duration timeout,
                                                   Stop* stop) override {
    return network_.connect_from(address_, to, timeout, stop);
  }

 private:
  SimNetwork& network_;
  IpAddress address_;
};

SimNetwork::SimNetwork(SimExecutor& executor, Settings settings)
    : executor_(executor), settings_(settings) {
  CHECK(settings_.delay_min <= settings_.delay_max && settings_.piece_octets_max > 0 &&
        settings_.buffer_octets > 0);
}

SimNetwork::~SimNetwork() {
  CHECK(listeners_.empty());
}

Network& SimNetwork::host(const IpAddress& address) {
  auto& host = hosts_[address];
  if (!host) host = std::make_unique<Host>(*this, address);
  return *host;
}

Result<std::unique_ptr<Listener>> SimNetwork::listen(Executor&, const Endpoint& endpoint) {
  return listen_at(kHome, endpoint);
}

Task<Result<std::unique_ptr<Transport>>> SimNetwork::connect(Endpoint to, Duration timeout,
                                                             Stop* stop) {
  return connect_from(kHome, to, timeout, stop);
}

Result<std::unique_ptr<Listener>> SimNetwork::listen_at(const IpAddress& host,
                                                        const Endpoint& endpoint) {
  Endpoint local = endpoint;
  if (local.ip.is_any()) local.ip = host;
  if (local.port == 0) local.port = free_port();
  return std::make_unique<SimListener>(*this, local);
}

std::uint16_t SimNetwork::free_port() {
  std::uint16_t port = next_port_;
  next_port_ = next_port_ == 65535 ? 49152 : static_cast<std::uint16_t>(next_port_ + 1);
  return port;
}

Duration SimNetwork::delay() {
  auto span = static_cast<std::uint64_t>((settings_.delay_max - settings_.delay_min).count());
  return settings_.delay_min + Duration(executor_.random_source().below(span + 1));
}

bool SimNetwork::one_in_a_million(unsigned times) {
  return times > 0 && executor_.random_source().below(1'000'000) < times;
}

bool SimNetwork::swallows(const IpAddress& a, const IpAddress& b) const {
  return isolated_.contains(a) || isolated_.contains(b);
}

// --- connecting

// One attempt: the answer travels as a step; it, the time or a stop ends the wait, through one
// timer.
class SimNetwork::Connecting final : public runtime::Timer {
 public:
  Connecting(SimNetwork& network, const Endpoint& from, const Endpoint& to, Instant deadline)
      : network_(network), from_(from), to_(to) {
    at = deadline;
  }
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;
  ~Connecting() { network_.executor_.remove(*this); }

  void stop() {
    error_ = Error{Error::Kind::cancelled, "connecting to " + to_.str() + " was given up"};
    end_at(network_.executor_.now());
  }

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    if (!pending()) network_.executor_.add(*this);
    if (network_.swallows(from_.ip, to_.ip)) return;
    network_.executor_.post_after(network_.delay(), [self = std::weak_ptr(self_)] {
      if (auto alive = self.lock()) (*alive)->answered();
    });
  }
  Result<std::unique_ptr<Transport>> await_resume() { return std::move(result_); }

  void fire() override {
    if (error_) result_ = Failure(*error_);
    self_.reset();
    std::exchange(handle_, nullptr).resume();
  }

 private:
  void answered() {
    if (error_ || !handle_ || network_.swallows(from_.ip, to_.ip)) return;
    result_ = network_.meet(from_, to_);
    end_at(network_.executor_.now());
  }
  void end_at(Instant when) {
    network_.executor_.remove(*this);
    at = when;
    network_.executor_.add(*this);
  }

  SimNetwork& network_;
  Endpoint from_;
  Endpoint to_;
  std::coroutine_handle<> handle_;
  std::optional<Error> error_;
  Result<std::unique_ptr<Transport>> result_ =
      fail(Error::Kind::timeout, "cannot connect to " + to_.str() + ": no answer in time");
  std::shared_ptr<Connecting*> self_ = std::make_shared<Connecting*>(this);
};

Task<Result<std::unique_ptr<Transport>>> SimNetwork::connect_from(IpAddress host, Endpoint to,
                                                                  Duration timeout, Stop* stop) {
  Endpoint from{host, free_port()};
  Connecting connecting(*this, from, to, executor_.now() + timeout);
  runtime::Stop::Callback on_stop(stop, [&connecting] { connecting.stop(); });
  auto result = co_await connecting;
  co_return std::move(result);
}

Result<std::unique_ptr<Transport>> SimNetwork::meet(const Endpoint& from, const Endpoint& to) {
  auto here = listeners_.find(to);
  auto& random = executor_.random_source();
  SimListener* chosen = nullptr;
  if (here != listeners_.end() && !random.chance(settings_.refused_percent))
    chosen = here->second[random.below(here->second.size())];
  if (!chosen || chosen->full()) {
    executor_.trace("refused " + to.str());
    return fail(Error::Kind::unavailable,
                fmt::format("cannot connect to {}: connection refused", to.str()));
  }
  std::erase_if(links_, [](const auto& link) { return link.expired(); });
  auto link = std::make_shared<Link>(*this, ++links_made_, from, to);
  links_.push_back(link);
  chosen->offer(std::make_unique<SimTransport>(link, 1));
  return std::make_unique<SimTransport>(std::move(link), 0);
}

// --- faults

void SimNetwork::crash() {
  executor_.trace("crash");
  while (!listeners_.empty()) listeners_.begin()->second.front()->close();
  auto links = links_;
  for (auto& weak : links) {
    if (auto link = weak.lock()) link->reset();
  }
}

void SimNetwork::crash(const IpAddress& host) {
  executor_.trace("crash " + host.str());
  std::vector<SimListener*> closing;
  for (auto& [endpoint, listeners] : listeners_) {
    if (endpoint.ip == host) closing.insert(closing.end(), listeners.begin(), listeners.end());
  }
  for (SimListener* listener : closing) listener->close();
  auto links = links_;
  for (auto& weak : links) {
    auto link = weak.lock();
    if (link && (link->endpoint(0).ip == host || link->endpoint(1).ip == host)) link->reset();
  }
}

void SimNetwork::heal(const IpAddress& host) {
  isolated_.erase(host);
  auto links = links_;
  for (auto& weak : links) {
    if (auto link = weak.lock()) link->retransmit();
  }
}

std::size_t SimNetwork::connections() const {
  return static_cast<std::size_t>(std::ranges::count_if(links_, [](const auto& weak) {
    auto link = weak.lock();
    return link && link->open();
  }));
}

}  // namespace posta::net::sim
