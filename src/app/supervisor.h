// supervisor.h: the process that starts the others, and starts again what dies (house D8).
//
//                 fork                          listeners, keys, configuration
//   supervisor ----------> helper (root's few verbs) ----.
//        |      fork                                      v
//        '----------------> server (the user posta, in its sandbox)
//
//   Starting ---ready---> Serving ---died---> Pausing ---time---> Starting
//       |                    |                   |
//       |                    '----TERM, INT---> Ending ---died---> (exit with its code)
//       '-- ended by itself at the first start: it has said why; exit with its code
//       more than `supervisor.crashes_max` deaths in a minute: give up, exit 1
//
// One thread, no memory of what the server does. Listening sockets belong to the supervisor, so a
// connection that comes while the server is away waits in its queue and is refused by nobody. Its
// children die with it: by PR_SET_PDEATHSIG, and by the end of their channels.
//
// SIGHUP: the configuration is read and checked, a new helper opens new ports and reads the keys,
// and the server gets all of it in one order; what it refuses is forgotten, the old stays.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <memory>
#include <optional>

#include "app/handed.h"
#include "app/helper.h"
#include "app/listening.h"
#include "app/log.h"
#include "guard/privileges.h"
#include "guard/restarts.h"
#include "guard/systemd.h"
#include "runtime/asio/loop.h"

namespace posta::app {

class Supervisor {
 public:
  Supervisor(Config config, guard::ServiceEnvironment environment);
  // The exit code. Errors go to standard error.
  int run();

 private:
  // What the server runs with: as of the start, or the last order that it obeyed.
  struct Estate {
    Config config;
    Handed handed;
    std::vector<OpenListener> open;
  };
  // A new one, until the server has said what it thinks of it.
  struct Pending {
    Estate estate;
    guard::Channel helper;
    pid_t helper_pid = 0;
    std::vector<Listening> opened;  // what is new in it
  };

  // supervisor.cc
  Result<> prepare();
  void turn();
  int patience() const;  // of poll(2), milliseconds
  void on_signal(int signal);
  void on_link();
  void on_said(const guard::Message& message);
  void say_ready(const std::string& status);
  void stop(int signal);
  void finish(int exit);

  // children.cc
  Result<> start_server();
  Result<pid_t> fork_helper(const Config& config, guard::Channel& here);
  [[noreturn]] void become_server(guard::Channel link, guard::Channel helper);
  std::vector<int> descriptors_of_server() const;
  void reap();
  void on_server_end(int status);
  void on_helper_end(int status);
  void kill_if_hung();

  // reload.cc
  Result<> open_all(Estate& estate, HelperClient helper, std::vector<Listening>* opened);
  void reload();
  Result<> hand_over();
  void settle(bool obeyed, const std::string& words);

  guard::ServiceEnvironment environment_;
  std::unique_ptr<runtime::asio::WorkerPool> no_workers_;
  std::unique_ptr<runtime::asio::Loop> clock_;
  std::unique_ptr<Log> log_;
  guard::Notifier notifier_;
  std::optional<std::chrono::microseconds> watchdog_;
  guard::Identity who_;
  guard::Descriptor signals_;

  Estate estate_;
  std::vector<net::Endpoint> covered_;
  std::optional<Pending> pending_;
  bool reload_again_ = false;

  pid_t self_ = 0;
  pid_t server_ = 0;  // 0: none runs
  guard::Channel link_;
  bool ready_ = false;  // the server of now
  bool ever_ready_ = false;
  Instant alive_{};  // when it last said so
  std::optional<Instant> start_at_;
  guard::Restarts server_restarts_;

  pid_t helper_ = 0;
  guard::Restarts helper_restarts_;

  bool stopping_ = false;
  bool done_ = false;
  int exit_ = 0;
};

}  // namespace posta::app
