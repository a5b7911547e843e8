// serve.h: the server in the foreground, from its listeners to its clean end.
//
// SIGTERM or SIGINT: no new connections; sessions finish the command or transaction in hand and say
// 421; after `kGrace` they are interrupted; the queue's attempts end; what was accepted is on disk.
// SIGHUP: the configuration and the certificates are read anew (reload.h).
// Exit 0. A second signal does not wait. kill -9 loses nothing that was answered 250: the next
// start is the same.
//
// It is a process of the supervisor (supervisor.h), or, with --no-supervisor, the only one.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "app/config.h"
#include "app/handed.h"
#include "app/listening.h"
#include "app/superior.h"

namespace posta::app {

inline constexpr std::chrono::seconds kGrace{10};

// All that a server starts with.
struct ServerStart {
  Config config;
  std::vector<OpenListener> open;  // what is not here is opened by the server itself
  std::unique_ptr<Superior> superior;
};

// The exit code. Errors go to standard error.
int serve(ServerStart start);

// With a supervisor, or alone in this process: as the user of the configuration, without a sandbox.
int serve_supervised(Config config, guard::ServiceEnvironment environment);
int serve_alone(Config config, guard::ServiceEnvironment environment);

}  // namespace posta::app
