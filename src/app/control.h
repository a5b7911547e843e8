// control.h: commands against a running server, through a Unix socket in the server directory.
//
// One request a connection: a line of JSON {"args": [...], "input": "..."}; one answer: a line
// {"exit": 0, "out": "...", "err": "...", "more": "..."}. The socket is 0600 in a directory that is
// 0700: who may open it may administer the server. The same function answers here and offline
// (admin.h).
//
// Several are answered at once, so that a backup, which takes long, keeps nobody from `posta
// status`; who comes when all are busy waits.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace posta::app {

struct Request {
  std::vector<std::string>
      args;           // without the program's name: {"account", "add", "ann@example.org"}
  std::string input;  // what --password-stdin reads
};

struct Answer {
  int exit = 0;
  std::string out;
  std::string err;
  std::string more = {};  // of a list: what --after of the next page is; empty: that was all
};

// Where the socket of a server directory is.
std::string control_path(const std::string& directory);

// Asks the running server. Error{not_found}: none is running.
Result<Answer> ask_server(const std::string& directory, const Request& request);

bool is_server_running(const std::string& directory);

// "process 4711" of the server that runs there, as it says itself; empty if it does not answer.
std::string server_process(const std::string& directory);

class ControlServer {
 public:
  // `answer` is called on the control threads, by several at once, and may block them.
  using Answerer = std::function<Answer(Request)>;
  static Result<std::unique_ptr<ControlServer>> open(const std::string& directory, Answerer answer);
  ~ControlServer();

  static constexpr Octets kRequestOctetsMax = 1_MiB;
  static constexpr unsigned kRequestsAtOnceMax = 4;

 private:
  ControlServer(int listener, std::string path, Answerer answer);
  void serve();
  void serve_one(int connection);

  int listener_;
  std::string path_;
  Answerer answer_;
  std::vector<std::jthread> threads_;
};

}  // namespace posta::app
