// monitor.h: GET /metrics and GET /healthz, and nothing else (HTTP/1.1, RFC 9112).
//
//   request-line = method SP request-target SP HTTP-version CRLF        RFC 9112 §3
//   then header fields, of which none matters here, and an empty line
//
// One request a connection: every answer says `Connection: close`. Bodies of requests are not read.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/limits.h"
#include "net/transport.h"
#include "server/session/census.h"
#include "server/session/sessions.h"

namespace posta::server {

struct MonitorLimits {
  Octets request_octets_max = 8_KiB;         // 431
  std::chrono::seconds request_timeout{10};  // of the whole request: 408
  std::chrono::seconds answer_timeout{10};
  std::size_t sessions_max = 16;  // 503
};

inline constexpr LimitInfo kMonitorLimits[] = {
    {"metrics.request_octets_max", "octets", "431", "RFC 6585 §5"},
    {"metrics.request_timeout", "seconds", "408", ""},
    {"metrics.sessions_max", "sessions", "503", ""},
};

class Monitor final : public Service {
 public:
  struct Deps {
    Census& census;      // of sessions_max
    Sessions& sessions;  // of this loop
    // The figures, as text; asked for once a request.
    std::function<Task<std::string>()> metrics;
    // Nothing: all is well. Else what is wrong, in one line (503).
    std::function<Task<std::string>()> trouble;
  };
  Monitor(Deps deps, MonitorLimits limits) : deps_(std::move(deps)), limits_(limits) {}

  Task<> serve(std::unique_ptr<net::Transport> transport) override;

 private:
  struct Answer;
  Task<Answer> answer_to(std::string request);

  Deps deps_;
  MonitorLimits limits_;
};

}  // namespace posta::server
