// supervisor_children.cc: forking the helper and the server, and what their deaths mean.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "app/events.h"
#include "app/serve.h"
#include "app/superior.h"
#include "app/supervisor.h"
#include "app/walls.h"
#include "guard/child.h"

namespace posta::app {

namespace {

[[noreturn]] void leave(int exit) {
  std::fflush(stdout);
  std::fflush(stderr);
  _exit(exit);
}

[[noreturn]] void leave_complaining(const Error& error) {
  std::fprintf(stderr, "posta: %s\n", error.what.c_str());
  leave(1);
}

[[noreturn]] void be_helper(const Config& config, guard::Channel channel, pid_t parent) {
  guard::name_process("posta-helper");
  guard::Walls walls = helper_walls(config);
  walls.parent = parent;
  if (auto entered = guard::enter(walls); !entered) leave_complaining(entered.error());
  Helper helper(config, channel);
  Result<> answered;
  do {
    answered = helper.answer_one(std::chrono::hours(1));
  } while (answered || answered.error().is(Error::Kind::timeout));
  leave(0);
}

}  // namespace

Result<pid_t> Supervisor::fork_helper(const Config& config, guard::Channel& here) {
  TRY(auto ends, guard::packet_pair());
  pid_t pid = fork();
  if (pid < 0) return guard::system_failure("start the helper");
  if (pid == 0) {
    int kept = ends.second.get();
    guard::begin_child({&kept, 1});
    (void)ends.first.release();  // closed already
    be_helper(config, guard::Channel(std::move(ends.second)), self_);
  }
  here = guard::Channel(std::move(ends.first));
  TRY_VOID(HelperClient(here).ping());
  return pid;
}

std::vector<int> Supervisor::descriptors_of_server() const {
  std::vector<int> out;
  for (const auto& listener : estate_.open)
    for (const auto& socket : listener.sockets) out.push_back(socket.get());
  return out;
}

// The first start opens the ports and reads the keys; later ones find both here.
Result<> Supervisor::start_server() {
  guard::Channel helper;
  TRY(helper_, fork_helper(estate_.config, helper));
  TRY_VOID(open_all(estate_, HelperClient(helper), nullptr));
  TRY(auto ends, guard::packet_pair());
  pid_t pid = fork();
  if (pid < 0) return guard::system_failure("start the server");
  if (pid == 0) {
    auto kept = descriptors_of_server();
    kept.insert(kept.end(), {ends.second.get(), helper.descriptor()});
    guard::begin_child(kept);
    (void)ends.first.release();  // closed already
    (void)link_.release().release();
    become_server(guard::Channel(std::move(ends.second)), std::move(helper));
  }
  server_ = pid;
  link_ = guard::Channel(std::move(ends.first));
  ready_ = false;
  return {};
}

void Supervisor::become_server(guard::Channel link, guard::Channel helper) {
  guard::name_process("posta-server");
  Config& config = estate_.config;
  guard::Walls walls = server_walls(config, who_);
  walls.parent = self_;
  if (auto entered = guard::enter(walls); !entered) leave_complaining(entered.error());
  config.handed = true;
  config.handed_files = std::move(estate_.handed.files);
  Duration every{};
  if (config.hang_max.count() > 0) every = config.hang_max / 2;
  if (watchdog_ && (every == Duration::zero() || *watchdog_ / 2 < every)) every = *watchdog_ / 2;
  ServerStart start{config, std::move(estate_.open), nullptr};
  start.superior = supervisor_at(std::move(link), std::move(helper), every);
  leave(serve(std::move(start)));
}

void Supervisor::reap() {
  for (;;) {
    int status = 0;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    if (pid == server_) {
      if (link_.open()) on_link();
      server_ = 0;
      on_server_end(status);
    } else if (pid == helper_) {
      helper_ = 0;
      on_helper_end(status);
    }
    // Else a helper of an earlier configuration, which has ended with its channel.
  }
}

void Supervisor::on_server_end(int status) {
  bool was_ready = std::exchange(ready_, false);
  link_ = guard::Channel();
  helper_ = 0;  // it ends with its channel, which the server had
  bool exited = WIFEXITED(status);
  if (stopping_) {
    if (exited) return finish(WEXITSTATUS(status));
    bool before_it_listened = WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGINT;
    return finish(before_it_listened ? 0 : 128 + WTERMSIG(status));
  }
  if (exited && (WEXITSTATUS(status) == 0 || !ever_ready_)) return finish(WEXITSTATUS(status));
  if (pending_) {
    events::config_refused(*log_, {Error::Kind::unavailable, "the server died of it"});
    pending_.reset();
  }
  auto pause = server_restarts_.after_crash(clock_->now());
  if (!pause) {
    events::gave_up(*log_, "server", guard::describe_end(status));
    notifier_.status("The server dies again and again; given up");
    return finish(1);
  }
  events::died(*log_, "server", guard::describe_end(status), was_ready, *pause);
  notifier_.status("The server died and is being started again");
  start_at_ = clock_->now() + *pause;
}

void Supervisor::on_helper_end(int status) {
  bool with_its_channel = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (with_its_channel || stopping_ || server_ == 0) return;
  auto pause = helper_restarts_.after_crash(clock_->now());
  if (!pause) {
    events::gave_up(*log_, "helper", guard::describe_end(status));
    exit_ = 1;
    stop(SIGTERM);
    return;
  }
  events::died(*log_, "helper", guard::describe_end(status), true, Duration::zero());
  guard::Channel helper;
  auto pid = fork_helper(estate_.config, helper);
  if (!pid) return events::start_failed(*log_, pid.error());
  helper_ = *pid;
  (void)link_.send({guard::Kind::helper, 0, ""}, helper.descriptor());
}

void Supervisor::kill_if_hung() {
  auto most = estate_.config.hang_max;
  if (!ready_ || stopping_ || server_ == 0 || most.count() == 0) return;
  if (alive_ + most > clock_->now()) return;
  events::hung(*log_, most);
  kill(server_, SIGKILL);
  ready_ = false;
}

}  // namespace posta::app
