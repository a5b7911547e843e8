// systemd.h: what a service says to systemd, and the sockets that it gets from it; without a
// library.
//
// sd_notify(3): datagrams of NAME=VALUE lines to the Unix socket in NOTIFY_SOCKET.
// sd_listen_fds(3): listening sockets from descriptor 3 on, LISTEN_FDS of them, named by
// LISTEN_FDNAMES, meant for the process LISTEN_PID. sd_watchdog_enabled(3): WATCHDOG_USEC.
// The environment comes as values; who may read it is the program.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/descriptor.h"
#include "mail/time.h"

namespace posta::guard {

// A variable of the environment that is not set is empty.
struct ServiceEnvironment {
  std::string notify_socket;  // NOTIFY_SOCKET
  std::string watchdog_usec, watchdog_pid;
  std::string listen_fds, listen_pid, listen_fdnames;
};

// Nothing: no watchdog is wanted of this process.
std::optional<std::chrono::microseconds> watchdog_interval(const ServiceEnvironment& environment,
                                                           long pid);

struct InheritedSocket {
  int descriptor;
  std::string name;  // "unknown" where the service manager gave none
};
inline constexpr int kFirstInherited = 3;
inline constexpr int kInheritedMax = 1024;
// None, if there are none for this process. Error{config} if the numbers make no sense.
Result<std::vector<InheritedSocket>> inherited_sockets(const ServiceEnvironment& environment,
                                                       long pid);

class Notifier {
 public:
  // Says nothing, ever, if the path is empty.
  explicit Notifier(std::string path) : path_(std::move(path)) {}
  bool wanted() const { return !path_.empty(); }

  // One datagram. What cannot be said is not an error of the service: it goes on.
  void send(std::string_view lines);
  void ready(std::string_view status);
  void reloading(Instant now);  // ready() ends it
  void stopping();
  void status(std::string_view words);
  void alive() { send("WATCHDOG=1"); }

 private:
  std::string path_;
  Descriptor socket_;
};

}  // namespace posta::guard
