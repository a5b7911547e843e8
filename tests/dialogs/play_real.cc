// play_real: plays dialogues against a server that listens on this machine.
//
//   play_real mx=127.0.0.1:10025 pop3=127.0.0.1:10110 ... ADDRESS=PASSWORD... -- FILE.dialog...
//
// Prints a line for each; dialogues that need the simulator, or a server that is not named, are
// counted and left out. Exit code 1
// if one did not hold. tests/dialogs/run_real makes the server and calls this.
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "base/text.h"
#include "dialogs/real_stage.h"
#include "runtime/asio/loop.h"
#include "runtime/nursery.h"

namespace posta::dialogs {
namespace {

struct Count {
  int passed = 0;
  int failed = 0;
  int left_out = 0;
};

Result<Dialog> load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Error::Kind::not_found, "cannot read " + path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse_dialog(path, text);
}

bool has_servers(const RealStage::Server& server, const Dialog& dialog) {
  return std::ranges::all_of(dialog.steps, [&](const Step& step) {
    return step.kind != Step::Kind::directive || step.text != "server" ||
           server.services.contains(step.arguments.empty() ? "" : step.arguments[0]);
  });
}

Task<> play_all(RealStage::Server server, std::vector<std::string> paths, Count& count,
                runtime::asio::Loop& loop) {
  for (const std::string& path : paths) {
    auto dialog = load(path);
    Result<> outcome;
    if (!dialog) {
      outcome = Failure(dialog.error());
    } else if (dialog->needs_simulation() || !has_servers(server, *dialog)) {
      ++count.left_out;
      continue;
    } else {
      RealStage stage(server);
      outcome = co_await stage.begin();
      Runner runner(*dialog, stage);
      if (outcome) outcome = co_await runner.run();
    }
    ++(outcome ? count.passed : count.failed);
    if (!outcome) std::printf("FAILED %s: %s\n", path.c_str(), outcome.error().what.c_str());
  }
  loop.quit();
}

int main(std::vector<std::string> args) {
  RealStage::Server server;
  std::vector<std::string> paths;
  bool files = false;
  for (const std::string& arg : args) {
    if (arg == "--") {
      files = true;
      continue;
    }
    if (files) {
      paths.push_back(arg);
      continue;
    }
    std::size_t equals = std::min(arg.find('='), arg.size());
    std::string name = arg.substr(0, equals), value = arg.substr(std::min(equals + 1, arg.size()));
    if (name.find('@') != std::string::npos) {
      server.passwords[name] = value;
      continue;
    }
    auto endpoint = net::Endpoint::parse(value);
    if (!endpoint) return std::fprintf(stderr, "SERVER=ENDPOINT, not %s\n", arg.c_str()), 2;
    server.services[name] = *endpoint;
  }
  runtime::asio::WorkerPool workers({.threads = 1});
  runtime::asio::Loop loop(workers);
  Count count;
  {
    runtime::Nursery nursery(loop);
    nursery.spawn(play_all(std::move(server), std::move(paths), count, loop));
    loop.run();
  }
  std::printf("dialogues on a real server: %d passed, %d failed, %d need the simulator\n",
              count.passed, count.failed, count.left_out);
  return count.failed == 0 && count.passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace posta::dialogs

int main(int argc, char** argv) {
  return posta::dialogs::main({argv + 1, argv + argc});
}
