// settings_operation.cc: keys of operating: log, trace, metrics, who is turned away.

#include "app/settings_operation.h"
#include "app/setting_kinds.h"

namespace posta::app {

using namespace kinds;
using namespace std::chrono_literals;

std::vector<Setting> operation_settings() {
  return {
      list_of("smtp.refused_networks", "networks from which no mail is taken (554 5.7.1)",
              &Config::refused_networks, networks),
      yes_or_no("smtp.refuse_at_once",
                "answer refused networks with 521 and the end, instead of 554 and waiting for QUIT",
                &Config::refuse_at_once),
      text("log.to", "stderr (journald takes it from there) or syslog, as facility mail",
           &Config::log_to, {"stderr", "syslog"}),
      text("log.syslog_socket", "where syslog listens", &Config::log_syslog_socket),
      time("trace.retention", "how long posta trace knows what happened to letters; 0s: never",
           &Config::trace_retention, 0s, 24h * 366),
      size("trace.octets_max", "the most that traces may take; the oldest go",
           &Config::trace_octets_max, 1_MiB, 1024_GiB),
      list_of("metrics.listen",
              "addresses and ports that answer GET /metrics and /healthz: loopback, or a network "
              "that only your monitoring reaches",
              &Config::metrics_listen, endpoints),
  };
}

}  // namespace posta::app
