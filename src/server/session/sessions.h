// sessions.h: all sessions of one loop: who lets them in, and how they end.
//
//   Sessions sessions(executor);                  one for each loop
//   sessions.serve(std::move(listener), smtp);    one accept loop for each listener
//   ...
//   co_await sessions.close(30s);                 the shutdown
//
// The shutdown, in order:
//
//   close() --- the stop is asked: accept loops and their listeners end, nobody new is let in
//     |         every stream is nudged: a session that is between two pieces of work says its last
//     |         word (SMTP 421 4.3.2) and ends; one in the middle finishes its command or
//     |         transaction first
//     |-- grace over: the streams are interrupted; every wait for the peer ends at once
//     v
//   no session is left
//
// What was promised is kept: a commit that has begun is waited for, whatever the grace.
// One executor's thread.
#pragma once

#include <list>
#include <memory>

#include "net/stream.h"
#include "net/transport.h"
#include "runtime/nursery.h"
#include "runtime/stop.h"
#include "runtime/task.h"

namespace posta::server {

using runtime::Executor;
using runtime::Task;

// A protocol, as the accept loop sees it. Outlives its sessions.
class Service {
 public:
  virtual ~Service() = default;
  // One session, from the greeting to the end of the connection.
  virtual Task<> serve(std::unique_ptr<net::Transport> transport) = 0;
  // The same behind a proxy that has said for whom it speaks (proxied.h).
  virtual Task<> serve_proxied(std::unique_ptr<net::Transport> transport) {
    return serve(std::move(transport));
  }
};

class Sessions {
 public:
  explicit Sessions(Executor& executor);
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;
  ~Sessions();  // none is left

  // Accepts connections and serves each, until close(); then the listener is closed, so that who
  // comes later is refused by the system. The service outlives its sessions.
  void serve(std::unique_ptr<net::Listener> listener, Service& service);
  // Ends the accepting where `local` listens; sessions that came from there go on.
  void stop_serving(const net::Endpoint& local);
  // Serves a connection that came some other way (tests, inherited descriptors).
  void serve_one(std::unique_ptr<net::Transport> transport, Service& service);

  // True once close() was called: sessions look before they wait for new work.
  bool closing() const { return nursery_.stop().requested(); }
  // Asked by close().
  runtime::Stop& stop() { return nursery_.stop(); }
  // What serves the sessions beside them, and ends when the stop is asked.
  void attend(Task<> task) { nursery_.spawn(std::move(task)); }
  Task<> close(Duration grace);

  std::size_t live() const { return streams_.size(); }
  // Every stream of a session, in no order.
  template <class F>
  void visit(F look) const {
    for (const net::Stream* stream : streams_) look(*stream);
  }

  // A session makes one of its stream, so that close() can reach it.
  class Presence {
   public:
    Presence(Sessions& sessions, net::Stream& stream);
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
    ~Presence();

   private:
    Sessions& sessions_;
    std::list<net::Stream*>::iterator place_;
  };

 private:
  struct Accepting {
    explicit Accepting(const net::Endpoint& at) : local(at) {}
    net::Endpoint local;
    runtime::Stop stop;
  };
  Task<> accept_loop(std::unique_ptr<net::Listener> listener, Service& service,
                     std::list<Accepting>::iterator place);

  Executor& executor_;
  mutable runtime::Nursery nursery_;
  std::list<net::Stream*> streams_;
  std::list<Accepting> accepting_;
};

// How long the accept loop waits after the system had no descriptor or memory for a connection:
// doubles from the first to the second. The backlog keeps who knocks meanwhile.
inline constexpr std::chrono::milliseconds kAcceptPauseMin{50};
inline constexpr std::chrono::milliseconds kAcceptPauseMax{2000};

}  // namespace posta::server
