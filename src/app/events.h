// events.h: what the program says of itself.
//
//   app.server.started     version loops listening    info
//   app.server.stopping    signal                     info
//   app.server.stopped                                info
//   app.removals.unfinished  error                    warning
//   app.listener.skipped   endpoint error             warning
//   app.process.died       process end ready pause_ms   error
//   app.process.hung       seconds                      error
//   app.process.gave_up    process end advice           error
//   app.process.start_failed  error                     error
//   app.sandbox.incomplete    missing                   warning
//   app.config.reloaded    changed                    info
//   app.config.refused     error advice               error
//   app.config.restart_needed  keys advice            warning
//   app.certificate.expires  source names not_after   warning
#pragma once

#include "base/events.h"
#include "base/result.h"
#include "mail/time.h"
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

// The supervisor's.
inline void died(Events& events, std::string_view process, const std::string& end, bool ready,
                 Duration pause) {
  auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count();
  events.emit(
      {"app.process.died",
       {{"process", process}, {"end", end}, {"ready", ready ? 1 : 0}, {"pause_ms", milliseconds}},
       Severity::error});
}
inline void hung(Events& events, std::chrono::seconds seconds) {
  events.emit({"app.process.hung", {{"seconds", seconds.count()}}, Severity::error});
}
inline void gave_up(Events& events, std::string_view process, const std::string& end) {
  events.emit({"app.process.gave_up",
               {{"process", process},
                {"end", end},
                {"advice",
                 "it died more than supervisor.crashes_max times in a minute and is not "
                 "started again; the lines above say why it died"}},
               Severity::error});
}
inline void start_failed(Events& events, const Error& error) {
  events.emit({"app.process.start_failed", {{"error", error.what}}, Severity::error});
}
inline void sandbox_incomplete(Events& events, const std::string& missing) {
  events.emit({"app.sandbox.incomplete", {{"missing", missing}}, Severity::warning});
}
inline void config_reloaded(Events& events, const std::string& changed) {
  events.emit({"app.config.reloaded", {{"changed", changed}}});
}
inline void config_refused(Events& events, const Error& error) {
  events.emit({"app.config.refused",
               {{"error", error.what}, {"advice", "the old configuration stays in force"}},
               Severity::error});
}
inline void restart_needed(Events& events, const std::string& keys) {
  events.emit({"app.config.restart_needed",
               {{"keys", keys}, {"advice", "restart to apply"}},
               Severity::warning});
}
inline void certificate_expires(Events& events, const std::string& source, const std::string& names,
                                const std::string& not_after) {
  events.emit({"app.certificate.expires",
               {{"source", source}, {"names", names}, {"not_after", not_after}},
               Severity::warning});
}

}  // namespace posta::app::events
