// main.cc: posta, the one program: which command is it, and where does it run?
//
//   quickstart serve check config tool version     here, in this process
//   backup restore submit                          here, on the files of a server directory
//   account domain alias queue mailbox status      by the running server through its control
//   trace undelete                                 socket, or here, with the store opened
//
// Exit codes: 0 done, 1 it could not be done, 64 the command line is wrong (sysexits EX_USAGE).

#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "app/admin.h"
#include "app/backup.h"
#include "app/check.h"
#include "app/config_command.h"
#include "app/control.h"
#include "app/drop_box.h"
#include "app/outside.h"
#include "app/probe.h"
#include "app/quickstart.h"
#include "app/serve.h"
#include "app/tool.h"
#include "app/usage.h"
#include "app/version.h"
#include "app/walls.h"

namespace posta::app {
namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "posta: %s\n", error.what.c_str());
  return 1;
}

// Takes `--dir DIR` or `--dir=DIR` out of the arguments; else POSTA_DIR; else nothing.
std::string take_directory(std::vector<std::string>& args) {
  std::string directory = std::getenv("POSTA_DIR") ? std::getenv("POSTA_DIR") : "";
  for (std::size_t i = 0; i < args.size();) {
    if (args[i] == "--dir" && i + 1 < args.size()) {
      directory = args[i + 1];
      args.erase(args.begin() + static_cast<std::ptrdiff_t>(i),
                 args.begin() + static_cast<std::ptrdiff_t>(i) + 2);
    } else if (args[i].starts_with("--dir=")) {
      directory = args[i].substr(6);
      args.erase(args.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  return directory;
}

int no_directory() {
  std::fputs("posta: which server directory? Say --dir DIR, or set POSTA_DIR\n", stderr);
  return 64;
}

int administer_from_outside(const std::string& directory, std::vector<std::string> args) {
  if (auto usage = admin_usage(args)) return print(*usage);
  if (directory.empty()) return no_directory();
  return run_outside(directory, std::move(args));
}

bool wants_help(const std::vector<std::string>& args) {
  return std::ranges::any_of(args, [](const auto& arg) { return arg == "--help" || arg == "-h"; });
}

// posta version [--json]
int version(const std::vector<std::string>& args) {
  if (args.size() == 2 && args[1] == "--json") {
    std::printf("{\"version\":\"%s\"}\n", std::string(kVersion).c_str());
    return 0;
  }
  if (args.size() > 1 && !wants_help(args)) {
    std::fprintf(stderr, "posta: version takes no %s; it takes --json\n", args[1].c_str());
    return 64;
  }
  std::printf("posta %s\n", std::string(kVersion).c_str());
  return 0;
}

// Commands on the files of a server directory, in this process.
int on_files(const std::string& directory, const std::vector<std::string>& args) {
  const std::string& command = args[0];
  if (command == "restore") return print(restore(directory, args));
  if (directory.empty() && !wants_help(args)) return no_directory();
  if (command == "backup") return print(backup(directory, args));
  if (command == "submit") return print(submit(directory, args));
  if (command == "config") return print(config_command(directory, args));
  return print(check(directory, args));
}

guard::ServiceEnvironment service_environment() {
  auto get = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  return {get("NOTIFY_SOCKET"), get("WATCHDOG_USEC"), get("WATCHDOG_PID"),
          get("LISTEN_FDS"),    get("LISTEN_PID"),    get("LISTEN_FDNAMES")};
}

constexpr const char* kServeUsage =
    "usage: posta serve --dir DIR [--no-supervisor]\n"
    "Serves in the foreground, and logs to standard error. SIGTERM ends it in order, SIGHUP makes "
    "it\n"
    "read posta.toml and the certificates again.\n"
    "--no-supervisor: one process without a sandbox, for debugging.\n";

int serve_as_asked(const std::string& directory, const std::vector<std::string>& args) {
  if (wants_help(args)) {
    std::fputs(kServeUsage, stdout);
    return 0;
  }
  bool alone = args.size() == 2 && args[1] == "--no-supervisor";
  if (args.size() > 1 && !alone) {
    std::fprintf(stderr,
                 "posta: serve takes no %s; it takes --no-supervisor: one process, for "
                 "debugging\n",
                 args[1].c_str());
    return 64;
  }
  if (directory.empty()) return no_directory();
  auto config = read_config(directory);
  if (!config) return complain(config.error());
  return alone ? serve_alone(*std::move(config), service_environment())
               : serve_supervised(*std::move(config), service_environment());
}

int run(std::vector<std::string> args) {
  std::string directory = take_directory(args);
  // "help account" is "account --help".
  if (args.size() > 1 && args[0] == "help") {
    args.erase(args.begin());
    if (!wants_help(args)) args.emplace_back("--help");
  }
  std::string command = args.empty() ? "help" : args[0];
  if (command == "version" || command == "--version") return version(args);
  if (command == "help" || command == "--help" || command == "-h") {
    std::fputs(usage().c_str(), stdout);
    return args.empty() ? 64 : 0;
  }
  if (command == "quickstart") return print(quickstart(directory, args));
  if (command == "tool" && args.size() >= 2 && args[1] == "sandbox-probe" && !wants_help(args)) {
    bool json = args.size() == 3 && args[2] == "--json";
    if (args.size() > 2 && !json) return print(tool(args));  // it says how to use it
    if (directory.empty()) return no_directory();
    auto config = read_config(directory);
    return config ? print(probe_sandbox(*config, json)) : complain(config.error());
  }
  if (command == "tool") return print(tool(args));
  if (is_admin_command(command)) return administer_from_outside(directory, std::move(args));
  static const std::vector<std::string> files = {"backup", "restore", "submit", "config", "check"};
  if (std::ranges::find(files, command) != files.end()) return on_files(directory, args);
  if (command == "serve") return serve_as_asked(directory, args);
  std::fputs(unknown_command(command).c_str(), stderr);
  return 64;
}

}  // namespace
}  // namespace posta::app

int main(int argc, char** argv) {
  umask(077);  // what this program writes is for its owner alone
  // Buffers of messages come and go; giving each back to the system costs more than keeping some.
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_TOP_PAD, 1 << 20);
  return posta::app::run(std::vector<std::string>(argv + 1, argv + argc));
}
