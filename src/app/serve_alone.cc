// serve_alone.cc: the two ways to start a server.

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/inherited.h"
#include "app/serve.h"
#include "app/supervisor.h"
#include "app/walls.h"
#include "net/asio/network.h"
#include "runtime/asio/loop.h"

namespace posta::app {

namespace {

// What the helper does elsewhere: low ports are opened and keys are read while this process may.
Result<> open_all(ServerStart& start, const guard::ServiceEnvironment& environment) {
  TRY(auto sockets, guard::inherited_sockets(environment, getpid()));
  TRY(Inherited inherited, match_inherited(start.config, sockets));
  start.open = std::move(inherited.open);
  for (const Listening& what : all_listeners(start.config)) {
    bool open = std::ranges::any_of(start.open, [&](const auto& one) { return one.what == what; });
    if (open || std::ranges::count(inherited.covered, what.endpoint) > 0) continue;
    auto socket = net::asio::open_listening(what.endpoint);
    if (!socket && what.optional()) continue;
    if (!socket) return Failure(socket.error());
    start.open.push_back({what, {}});
    start.open.back().sockets.push_back(*std::move(socket));
  }
  start.config.handed_files = read_private_files(start.config).files;
  start.config.handed = true;
  return {};
}

Result<> begin_alone(ServerStart& start, const guard::ServiceEnvironment& environment) {
  TRY(guard::Identity who, server_identity(start.config));
  TRY_VOID(make_written_folders(start.config, who));
  TRY_VOID(open_all(start, environment));
  guard::raise_descriptor_limit();
  guard::Walls walls = server_walls(start.config, who);
  walls.sandbox = false;
  return guard::enter(walls);
}

}  // namespace

int serve_alone(Config config, guard::ServiceEnvironment environment) {
  ServerStart start{std::move(config), {}, nullptr};
  if (auto begun = begin_alone(start, environment); !begun) {
    std::fprintf(stderr, "posta: %s\n", begun.error().what.c_str());
    return 1;
  }
  start.superior = no_supervisor(start.config, std::move(environment));
  return serve(std::move(start));
}

int serve_supervised(Config config, guard::ServiceEnvironment environment) {
  return Supervisor(std::move(config), std::move(environment)).run();
}

}  // namespace posta::app
