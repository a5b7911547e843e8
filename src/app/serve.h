// serve.h: the server in the foreground, from its listeners to its clean end.
//
// SIGTERM or SIGINT: no new connections; sessions finish the command or transaction in hand and say
// 421; after `kGrace` they are interrupted; the queue's attempts end; what was accepted is on disk.
// SIGHUP: the configuration and the certificates are read anew (reload.h).
// Exit 0. A second signal does not wait. kill -9 loses nothing that was answered 250: the next
// start is the same.
#pragma once

#include <chrono>

#include "app/config.h"

namespace posta::app {

inline constexpr std::chrono::seconds kGrace{10};

// The exit code. Errors go to standard error.
int serve(Config config);

}  // namespace posta::app
