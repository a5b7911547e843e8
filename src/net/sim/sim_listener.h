// sim_listener.h: where simulated connections are accepted. For net/sim only.
#pragma once

#include <coroutine>
#include <deque>

#include "net/sim/sim_network.h"

namespace posta::net::sim {

class SimListener final : public Listener {
 public:
  SimListener(SimNetwork& network, const Endpoint& local);
  ~SimListener() override;

  Task<Result<std::unique_ptr<Transport>>> accept(Stop* stop) override;
  const Endpoint& local() const override { return local_; }

  // The network's side.
  bool full() const;
  void offer(std::unique_ptr<Transport> transport);
  void close();  // nothing comes any more

 private:
  struct Ready;
  void wake();

  SimNetwork& network_;
  Endpoint local_;
  std::deque<std::unique_ptr<Transport>> waiting_;
  std::coroutine_handle<> acceptor_;
  bool closed_ = false;
  // Steps that outlive the listener find it gone.
  std::shared_ptr<SimListener*> self_ = std::make_shared<SimListener*>(this);
};

}  // namespace posta::net::sim
