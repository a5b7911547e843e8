#include "app/supervisor.h"

#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "app/control.h"
#include "app/events.h"
#include "app/inherited.h"
#include "app/outbound.h"
#include "app/walls.h"

namespace posta::app {

namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "posta: %s\n", error.what.c_str());
  return 1;
}

guard::Restarts::Limits limits_of(const Config& config) {
  return {static_cast<unsigned>(config.crashes_max), config.restart_pause_max};
}

// A process that forks has no thread that could hold a lock meanwhile.
Log::Options own_log(const Config& config) {
  Log::Options out = log_options(config);
  out.at_once = true;
  return out;
}

// What root's supervisor still does: become the server's user in a child, signal it, reach a server
// directory that belongs to it; and what its helper needs.
const std::vector<int> kSupervisorCapabilities = {
    0,  // CAP_CHOWN
    1,  // CAP_DAC_OVERRIDE
    guard::kCapDacReadSearch,
    5,  // CAP_KILL
    guard::kCapSetgid,
    guard::kCapSetuid,
    guard::kCapSetpcap,
    guard::kCapNetBindService,
};

}  // namespace

Supervisor::Supervisor(Config config, guard::ServiceEnvironment environment)
    : environment_(std::move(environment)),
      no_workers_(std::make_unique<runtime::asio::WorkerPool>(
          runtime::asio::WorkerPool::Limits{.threads = 0})),
      clock_(std::make_unique<runtime::asio::Loop>(*no_workers_)),
      log_(std::make_unique<Log>(*clock_, own_log(config))),
      notifier_(environment_.notify_socket),
      watchdog_(guard::watchdog_interval(environment_, getpid())),
      self_(getpid()),
      server_restarts_(limits_of(config)),
      helper_restarts_(limits_of(config)) {
  estate_.config = std::move(config);
}

Result<> Supervisor::prepare() {
  Config& config = estate_.config;
  TRY(who_, server_identity(config));
  // Here, where its permissions can be seen: the server gets only what is in it.
  TRY_VOID(can_send(config));
  // The store's lock would say so later, but the ports would complain first and mislead. One that
  // was killed a moment ago may still be dying.
  for (int tries = 0; is_server_running(config.directory) && tries < 20; ++tries)
    poll(nullptr, 0, 50);
  if (is_server_running(config.directory)) {
    std::string process = server_process(config.directory);
    return fail(Error::Kind::conflict, "a server is running in " + config.directory + " already" +
                                           (process.empty() ? "" : ": " + process));
  }
  TRY_VOID(make_written_folders(config, who_));
  if (config.sandbox == "on")
    for (const auto& gap : guard::kernel_gaps()) events::sandbox_incomplete(*log_, gap);
  if (geteuid() == 0) {
    guard::cut_bounding_set(kSupervisorCapabilities);
    TRY_VOID(guard::keep_capabilities(kSupervisorCapabilities));
  }
  TRY_VOID(guard::close_doors());
  guard::raise_descriptor_limit();

  TRY(auto sockets, guard::inherited_sockets(environment_, getpid()));
  TRY(Inherited inherited, match_inherited(config, sockets));
  estate_.open = std::move(inherited.open);
  covered_ = std::move(inherited.covered);

  sigset_t mask;
  sigemptyset(&mask);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&mask, signal);
  sigprocmask(SIG_BLOCK, &mask, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = guard::Descriptor(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) return guard::system_failure("watch for signals");
  return {};
}

int Supervisor::run() {
  if (auto prepared = prepare(); !prepared) return complain(prepared.error());
  if (auto started = start_server(); !started) return complain(started.error());
  while (!done_) turn();
  return exit_;
}

int Supervisor::patience() const {
  Duration wait = std::chrono::hours(1);
  Instant now = clock_->now();
  if (start_at_) wait = std::min(wait, *start_at_ - now);
  if (ready_ && estate_.config.hang_max.count() > 0)
    wait = std::min<Duration>(wait, alive_ + estate_.config.hang_max - now);
  // Rounded up, so that it is not asked again a moment too early.
  auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return static_cast<int>(std::max<std::int64_t>(milliseconds, 0));
}

void Supervisor::turn() {
  pollfd inputs[2] = {{signals_.get(), POLLIN, 0}, {link_.descriptor(), POLLIN, 0}};
  poll(inputs, link_.open() ? 2 : 1, patience());
  // What the server said before it died comes before its death.
  if (link_.open() && inputs[1].revents != 0) on_link();
  signalfd_siginfo info;
  while (!done_ && read(signals_.get(), &info, sizeof info) == sizeof info)
    on_signal(static_cast<int>(info.ssi_signo));
  if (done_) return;
  kill_if_hung();
  if (start_at_ && *start_at_ <= clock_->now()) {
    start_at_.reset();
    if (auto started = start_server(); !started) {
      events::start_failed(*log_, started.error());
      on_server_end(1 << 8);
    }
  }
}

void Supervisor::on_signal(int signal) {
  switch (signal) {
    case SIGCHLD: return reap();
    case SIGHUP: return stopping_ ? void() : reload();
    default: return stop(signal);
  }
}

void Supervisor::stop(int signal) {
  if (!std::exchange(stopping_, true)) notifier_.stopping();
  start_at_.reset();
  // Nobody listens any more once the server has closed its own.
  estate_.open.clear();
  pending_.reset();
  if (server_ == 0) return finish(0);
  kill(server_, signal);  // the second one does not wait for anybody (serve.h)
}

void Supervisor::on_link() {
  for (;;) {
    auto received = link_.receive();
    if (received) {
      on_said(received->message);
    } else if (received.error().is(Error::Kind::closed)) {
      link_ = guard::Channel();  // it has ended, or is about to: reap() will tell
      return;
    } else if (!received.error().is(Error::Kind::syntax)) {
      return;
    }
  }
}

void Supervisor::on_said(const guard::Message& message) {
  switch (message.kind) {
    case guard::Kind::ready:
      ready_ = ever_ready_ = true;
      alive_ = clock_->now();
      return say_ready(message.text);
    case guard::Kind::alive:
      alive_ = clock_->now();
      if (watchdog_) notifier_.alive();
      return;
    case guard::Kind::stopping: return;  // it was told to, or reap() will tell
    case guard::Kind::reloaded: return settle(true, message.text);
    case guard::Kind::refused: return settle(false, message.text);
    default: return;  // nothing that a server says
  }
}

void Supervisor::say_ready(const std::string& status) {
  if (!stopping_) notifier_.ready(status);
}

void Supervisor::finish(int exit) {
  done_ = true;
  exit_ = exit != 0 ? exit : exit_;
}

}  // namespace posta::app
