// events.h: what the program says of itself.
//
//   app.server.started     version loops listening    info
//   app.server.stopping    signal                     info
//   app.server.stopped                                info
//   app.removals.unfinished  error                    warning
//   app.listener.skipped   endpoint error             warning
#pragma once

#include "base/events.h"
#include "base/result.h"
#include "net/endpoint.h"

namespace posta::app::events {

inline void started(Events& events, std::string_view version, std::size_t loops,
                    const std::string& listening) {
  events.emit(
      {"app.server.started", {{"version", version}, {"loops", loops}, {"listening", listening}}});
}
inline void stopping(Events& events, int signal) {
  events.emit({"app.server.stopping", {{"signal", signal}}});
}
inline void stopped(Events& events) {
  events.emit({"app.server.stopped", {}});
}
inline void removals_unfinished(Events& events, const Error& error) {
  events.emit({"app.removals.unfinished", {{"error", error.what}}, Severity::warning});
}
inline void listener_skipped(Events& events, const net::Endpoint& endpoint, const Error& error) {
  events.emit({"app.listener.skipped",
               {{"endpoint", endpoint.str()}, {"error", error.what}},
               Severity::warning});
}

}  // namespace posta::app::events
