// transport.h: a connection as octets and readiness; what TLS and streams stand on.
//
// Nothing here waits: try_read and try_write do what can be done now; wait() promises one call of
// Waiter::ready() when trying again makes sense. Realised by net/asio (TCP) and net/sim (pipes on
// virtual time). One executor's thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "net/endpoint.h"
#include "runtime/executor.h"
#include "runtime/stop.h"
#include "runtime/task.h"

namespace posta::net {

using runtime::Executor;
using runtime::Stop;
using runtime::Task;

struct Io {
  enum class Kind { done, again, eof, failed } kind = Kind::done;
  std::size_t count = 0;  // done: octets, at least 1
};

class Waiter {
 public:
  virtual void ready() = 0;  // on the executor's thread, never inside wait()

 protected:
  ~Waiter() = default;
};

enum class Direction { read, write };

class Transport {
 public:
  virtual ~Transport() = default;  // closes; a pending wait is forgotten

  virtual Io try_read(std::span<char> into) = 0;
  virtual Io try_write(std::string_view octets) = 0;

  // At most one waiter a direction. ready() comes once, also when the peer closes or the connection
  // fails. cancel() forgets the waiter: ready() will not come.
  virtual void wait(Direction direction, Waiter& waiter) = 0;
  virtual void cancel(Direction direction) = 0;

  virtual void shutdown_write() = 0;  // the peer sees the end after what was written
  virtual const Endpoint& peer() const = 0;
  virtual const Endpoint& local() const = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;
  // The next connection. Error{cancelled} when `stop` asks; other errors (out of descriptors) are
  // for now: wait a little and call again.
  virtual Task<Result<std::unique_ptr<Transport>>> accept(Stop* stop) = 0;
  virtual const Endpoint& local() const = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  // Port 0 takes a free one. Several listeners on one endpoint share its connections (one per
  // loop).
  virtual Result<std::unique_ptr<Listener>> listen(Executor& executor,
                                                   const Endpoint& endpoint) = 0;
  virtual Task<Result<std::unique_ptr<Transport>>> connect(Endpoint to, Duration timeout,
                                                           Stop* stop) = 0;
};

}  // namespace posta::net
