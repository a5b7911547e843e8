// settings_process.cc: keys about processes: who they are, what they may, when they start again.

#include "app/setting_kinds.h"
#include "app/settings_groups.h"

namespace posta::app {

namespace {

using namespace kinds;
using namespace std::chrono_literals;

Setting connect_ports() {
  return {
      "supervisor.connect_ports",
      "ports of other hosts that the sandboxed server may call: mail and DNS; [] for every port",
      [](Config& config, const Value& value) -> Result<> {
        if (value.kind != Value::Kind::list) return expected("a list of ports: [25, 53]");
        config.connect_ports.clear();
        for (const Value& one : value.list) {
          if (one.kind != Value::Kind::number || one.number < 1 || one.number > 65535)
            return expected("ports from 1 to 65535 in this list");
          config.connect_ports.push_back(static_cast<std::uint16_t>(one.number));
        }
        return {};
      },
      [](const Config& config) {
        return fmt::format("[{}]", fmt::join(config.connect_ports, ", "));
      },
      "a list of ports from 1 to 65535: [25, 53]"};
}

}  // namespace

std::vector<Setting> process_settings() {
  return {
      text("user", "as whom the server runs when root starts it; \"root\" must be said",
           &Config::user),
      text("sandbox",
           "walls around the server (Landlock, seccomp): on, as far as the kernel can; off; "
           "required, or else it does not start",
           &Config::sandbox, {"on", "off", "required"}),
      connect_ports(),
      number("supervisor.crashes_max",
             "a server that dies more often in a minute is not started again; 0: always is",
             &Config::crashes_max, 0, 10'000),
      time("supervisor.pause_max", "the longest pause before a server that died is started again",
           &Config::restart_pause_max, 0s, 1h),
      time("supervisor.hang_max",
           "a server whose loops stand still for so long is killed and started again; 0s: never",
           &Config::hang_max, 0s, 24h),
  };
}

}  // namespace posta::app
