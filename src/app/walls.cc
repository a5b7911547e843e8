#include "app/walls.h"

#include <unistd.h>

#include "app/house.h"

namespace posta::app {

namespace {

// Read by the C library (names, time), TLS (trusted certificates), the resolver and RocksDB (what
// the disk and the processor are like). What a system does not have is left out.
const std::vector<std::string> kSystemFiles = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/usr/lib/ssl",
    "/etc/pki/tls",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/dns",
    "/dev/null",
    "/dev/urandom",
    "/dev/random",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/proc/sys",
    "/sys/devices",
    "/sys/block",
    "/sys/dev/block",
    "/sys/fs/cgroup",
};

}  // namespace

Result<guard::Identity> server_identity(const Config& config) {
  guard::Identity now = guard::current_identity();
  if (!now.is_root()) return now;
  auto found = guard::find_user(config.user);
  if (found) return found;
  return fail(Error::Kind::config,
              "there is no user " + config.user +
                  ", as whom the server runs when root starts it. Make one: useradd --system "
                  "--user-group --no-create-home --shell /usr/sbin/nologin " +
                  config.user + "; or name another in posta.toml: user = \"…\"");
}

std::vector<std::string> written_folders(const Config& config) {
  return {config.path(config.store_directory), config.path("run"), config.path("drop")};
}

Result<> make_written_folders(const Config& config, const guard::Identity& who) {
  if (std::string closed = guard::closed_folder_above(config.path("run"), who); !closed.empty())
    return fail(Error::Kind::denied,
                closed + " is closed to " + who.name +
                    ", as whom the server runs; put the server directory elsewhere (/var/lib), or "
                    "name another user in posta.toml");
  TRY_VOID(look_for_store(config, who));
  for (const std::string& folder : written_folders(config))
    TRY_VOID(guard::make_folder_of(folder, who));
  return {};
}

guard::Walls server_walls(const Config& config, const guard::Identity& who) {
  guard::Walls walls;
  walls.who = who;
  walls.sandbox = config.sandbox != "off";
  walls.required = config.sandbox == "required";
  walls.calls = guard::Calls::server;
  walls.reach.read = kSystemFiles;
  walls.reach.read_and_write = written_folders(config);
  if (!config.dns_trust_anchor.empty())
    walls.reach.read.push_back(config.path(config.dns_trust_anchor));
  // What the configuration calls is called, whatever the list says.
  walls.reach.connect_ports = config.connect_ports;
  walls.reach.every_port = config.connect_ports.empty();
  auto& ports = walls.reach.connect_ports;
  ports.push_back(config.outbound_port);
  if (config.relay_host) ports.push_back(config.relay_host->port);
  for (const net::Endpoint& server : config.dns_servers) ports.push_back(server.port);
  return walls;
}

guard::Walls helper_walls(const Config& config) {
  guard::Walls walls;
  walls.who = guard::current_identity();
  walls.capabilities = {guard::kCapNetBindService, guard::kCapDacReadSearch};
  walls.sandbox = config.sandbox != "off";
  walls.required = config.sandbox == "required";
  walls.calls = guard::Calls::helper;
  walls.reach.read = {"/"};
  walls.reach.binds = true;
  return walls;
}

Result<> act_as_server(const Config& config) {
  TRY(guard::Identity who, server_identity(config));
  return guard::become(who);
}

}  // namespace posta::app
