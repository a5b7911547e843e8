// sim_network.h: the network's deterministic twin: hosts, listeners and connections on virtual
// time.
//
//   SimExecutor executor(seed);
//   SimNetwork network(executor, {.resets_per_million = 50});
//   auto listener = network.host(mx).listen(executor, {{}, 25});
//   auto transport = co_await network.host(relay).connect({mx, 25}, 30s, nullptr);
//
// A connection is two pipes with bounded buffers. The seed decides how octets are cut, how long
// each piece travels, who is woken first, and (by settings) which connection is reset or swallowed
// by a black hole, and when. Octets of one direction arrive in order. As with TCP, a connection
// closed with unread input is reset, which can destroy the last words of its side.
//
// Everything that crosses a wire goes into the executor's trace: one seed run twice gives the same
// hash. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/limits.h"
#include "net/transport.h"
#include "runtime/sim/sim_executor.h"

namespace posta::net::sim {

using runtime::sim::SimExecutor;

struct Settings {
  Duration delay_min = std::chrono::microseconds(20);  // of each piece of octets
  Duration delay_max = std::chrono::milliseconds(2);
  Octets buffer_octets = 32_KiB;     // of each direction: travelling, or arrived and not yet read
  Octets piece_octets_max = 4096;    // a write is cut into pieces of 1 to this many
  unsigned tiny_percent = 10;        // of writes are cut into pieces of 1 to 3 octets (at most 32)
  unsigned short_read_percent = 20;  // of reads return less than there is
  unsigned short_write_percent = 5;  // of writes take less than there is room for
  unsigned resets_per_million = 0;   // of writes reset the connection, now or while they travel
  unsigned black_holes_per_million = 0;  // of writes: nothing arrives from then on, no error either
  unsigned refused_percent = 0;          // of connects fail
  std::size_t backlog = 128;             // connections waiting for accept; beyond: refused
};

class Link;
class SimListener;

class SimNetwork final : public Network {
 public:
  explicit SimNetwork(SimExecutor& executor, Settings settings = Settings());
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;
  ~SimNetwork() override;  // after its connections, listeners and waiting connects

  // As the host 127.0.0.1. Listening on any address is listening on the host's own.
  Result<std::unique_ptr<Listener>> listen(Executor& executor, const Endpoint& endpoint) override;
  Task<Result<std::unique_ptr<Transport>>> connect(Endpoint to, Duration timeout,
                                                   Stop* stop) override;
  // The network as another host sees it: its connections come from `address`. Lives as long as the
  // network.
  Network& host(const IpAddress& address);

  // --- faults
  Settings& settings() { return settings_; }
  // Cuts every connection (of that host): both sides find it failed. Its listeners accept nothing
  // any more, attempts to connect are refused, and whoever listened must listen anew.
  void crash();
  void crash(const IpAddress& host);
  // Swallows everything from and to a host until it is healed; then connections go on where they
  // were, connection attempts do not.
  void isolate(const IpAddress& host) { isolated_.insert(host); }
  void heal(const IpAddress& host);

  std::size_t connections() const;  // with at least one side open

  // What crosses a wire, as it arrives: for tests that look at the wire itself.
  struct Crossing {
    std::uint64_t link = 0;  // no two connections of a network have the same
    bool answer = false;     // from the side that accepted
    const Endpoint& client;
    const Endpoint& server;
    std::string_view octets;
  };
  void watch(std::function<void(const Crossing&)> watcher) { watcher_ = std::move(watcher); }

 private:
  class Host;
  class Connecting;
  friend class Link;
  friend class SimListener;
  friend class SimTransport;

  Result<std::unique_ptr<Listener>> listen_at(const IpAddress& host, const Endpoint& endpoint);
  Task<Result<std::unique_ptr<Transport>>> connect_from(IpAddress host, Endpoint to,
                                                        Duration timeout, Stop* stop);
  // The answer to a connection attempt: the client's end, or why not.
  Result<std::unique_ptr<Transport>> meet(const Endpoint& from, const Endpoint& to);
  std::uint16_t free_port();
  Duration delay();
  bool one_in_a_million(unsigned times);
  bool swallows(const IpAddress& a, const IpAddress& b) const;

  SimExecutor& executor_;
  Settings settings_;
  std::function<void(const Crossing&)> watcher_;
  std::map<IpAddress, std::unique_ptr<Host>> hosts_;
  std::set<IpAddress> isolated_;
  std::map<Endpoint, std::vector<SimListener*>> listeners_;
  std::vector<std::weak_ptr<Link>> links_;
  std::uint64_t links_made_ = 0;
  std::uint16_t next_port_ = 49152;  // RFC 6335 §6: the dynamic ports
  // Steps that outlive the network find it gone.
  std::shared_ptr<SimNetwork*> self_ = std::make_shared<SimNetwork*>(this);
};

}  // namespace posta::net::sim
