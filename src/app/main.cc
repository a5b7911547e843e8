// main.cc: posta, the one program: which command is it, and where does it run?
//
//   quickstart serve check config tool version     here, in this process
//   account domain alias queue                     by the running server through its control
//   socket, or,
//                                                  if none runs, here with the store opened
//
// Exit codes: 0 done, 1 it could not be done, 64 the command line is wrong (sysexits EX_USAGE).

#include <malloc.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "app/admin.h"
#include "app/check.h"
#include "app/control.h"
#include "app/house.h"
#include "app/probe.h"
#include "app/quickstart.h"
#include "app/serve.h"
#include "app/tool.h"
#include "app/usage.h"
#include "app/version.h"
#include "app/walls.h"

namespace posta::app {
namespace {

int print(const Answer& answer) {
  std::fwrite(answer.out.data(), 1, answer.out.size(), stdout);
  std::fwrite(answer.err.data(), 1, answer.err.size(), stderr);
  return answer.exit;
}

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

Result<Config> configured(const std::string& directory) {
  if (directory.empty())
    return fail(Error::Kind::config, "which server directory? Say --dir DIR, or set POSTA_DIR");
  return read_config(directory);
}

runtime::Task<> administer_here(House& house, Request request, Answer& answer) {
  answer = co_await administer(house, std::move(request));
}

int administer_from_outside(const std::string& directory, std::vector<std::string> args) {
  if (auto usage = admin_usage(args)) return print(*usage);
  auto config = configured(directory);
  if (!config) return complain(config.error());
  Request request;
  request.args = std::move(args);
  auto says = [&](const char* flag) {
    return std::ranges::find(request.args, flag) != request.args.end();
  };
  // The old password and the new one, or a password.
  if (says("--password-stdin") || says("--change")) std::getline(std::cin, request.input);
  if (std::string second; says("--change") && std::getline(std::cin, second))
    request.input += "\n" + second;
  auto answer = ask_server(config->directory, request);
  if (answer) return print(*answer);
  if (!answer.error().is(Error::Kind::not_found)) return complain(answer.error());
  config->log_level = "error";  // a command speaks for itself
  if (auto acting = act_as_server(*config); !acting) return complain(acting.error());
  auto house = House::open(*std::move(config), 1);
  if (!house) return complain(house.error());
  Answer here;
  (*house)->run(administer_here(**house, std::move(request), here));
  return print(here);
}

int show_or_explain(const std::string& directory, const std::vector<std::string>& args) {
  auto config = configured(directory);
  if (!config) return complain(config.error());
  if (args.size() == 2 && args[1] == "show") {
    std::fputs(show_config(*config).c_str(), stdout);
    return 0;
  }
  if (args.size() == 3 && args[1] == "explain") {
    for (const Setting& setting : settings()) {
      if (setting.name != args[2]) continue;
      std::printf("%s: %s\nnow: %s\n", setting.name.c_str(), setting.meaning.c_str(),
                  setting.show(*config).c_str());
      return 0;
    }
    std::fprintf(stderr, "posta: no key %s; posta config show lists all\n", args[2].c_str());
    return 1;
  }
  std::fputs("usage: posta config show | explain KEY\n", stderr);
  return 64;
}

guard::ServiceEnvironment service_environment() {
  auto get = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  return {get("NOTIFY_SOCKET"), get("WATCHDOG_USEC"), get("WATCHDOG_PID"),
          get("LISTEN_FDS"),    get("LISTEN_PID"),    get("LISTEN_FDNAMES")};
}

int serve_as_asked(const std::string& directory, const std::vector<std::string>& args) {
  bool alone = args.size() == 2 && args[1] == "--no-supervisor";
  if (args.size() > 1 && !alone) {
    std::fprintf(stderr,
                 "posta: serve takes no %s; it takes --no-supervisor: one process, for "
                 "debugging\n",
                 args[1].c_str());
    return 64;
  }
  auto config = configured(directory);
  if (!config) return complain(config.error());
  return alone ? serve_alone(*std::move(config), service_environment())
               : serve_supervised(*std::move(config), service_environment());
}

int run(std::vector<std::string> args) {
  std::string directory = take_directory(args);
  std::string command = args.empty() ? "help" : args[0];
  if (command == "version" || command == "--version") {
    std::printf("posta %s\n", std::string(kVersion).c_str());
    return 0;
  }
  if (command == "help" || command == "--help" || command == "-h") {
    std::fputs(usage().c_str(), stdout);
    return args.empty() ? 64 : 0;
  }
  if (command == "quickstart") return print(quickstart(directory, args));
  if (command == "tool" && args.size() == 2 && args[1] == "sandbox-probe") {
    auto config = configured(directory);
    return config ? print(probe_sandbox(*config)) : complain(config.error());
  }
  if (command == "tool") return print(tool(args));
  if (command == "config") return show_or_explain(directory, args);
  if (is_admin_command(command)) return administer_from_outside(directory, std::move(args));
  if (command == "serve") return serve_as_asked(directory, args);
  if (command == "check") {
    if (directory.empty()) return complain(configured("").error());
    return print(check(directory, args));
  }
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
