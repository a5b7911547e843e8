// supervisor_reload.cc: opening what a configuration names, and giving a new one to a server that
// runs.

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "app/check_system.h"
#include "app/control.h"
#include "app/events.h"
#include "app/outbound.h"
#include "app/superior.h"
#include "app/supervisor.h"

namespace posta::app {

namespace {

// A server that was killed a moment ago may still hold its ports.
constexpr int kTriesWhileTaken = 40;
constexpr std::chrono::milliseconds kBetweenTries{50};

Result<net::asio::Fd> bind_patiently(HelperClient& helper, std::uint32_t index, bool patient) {
  for (int tries = 1;; ++tries) {
    auto socket = helper.bind(index);
    bool taken = !socket && socket.error().is(Error::Kind::conflict);
    if (!taken || !patient || tries == kTriesWhileTaken) return socket;
    poll(nullptr, 0, static_cast<int>(kBetweenTries.count()));
  }
}

// Which process has the port, where that can be seen.
Failure not_opened(const Listening& what, const Error& error) {
  std::string who = error.is(Error::Kind::conflict) ? who_listens(what.endpoint.port) : "";
  return fail(error.kind, error.what + (who.empty() ? "" : ": it is in use by " + who));
}

bool has(const std::vector<OpenListener>& open, const net::Endpoint& endpoint) {
  return std::ranges::any_of(open, [&](const auto& one) { return one.what.endpoint == endpoint; });
}

}  // namespace

Result<> Supervisor::open_all(Estate& estate, HelperClient helper, std::vector<Listening>* opened) {
  auto all = all_listeners(estate.config);
  const unsigned loops = loops_of(estate.config);
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const Listening& what = all[i];
    if (has(estate.open, what.endpoint) || std::ranges::count(covered_, what.endpoint) > 0)
      continue;
    OpenListener open{what, {}};
    Result<net::asio::Fd> socket = bind_patiently(helper, i, !ever_ready_);
    if (!socket && what.optional()) {
      events::listener_skipped(*log_, what.endpoint, socket.error());
      continue;
    }
    for (unsigned n = 1;; ++n) {
      if (!socket) return not_opened(what, socket.error());
      open.sockets.push_back(*std::move(socket));
      if (n == loops) break;
      socket = helper.bind(i);
    }
    if (opened) opened->push_back(what);
    estate.open.push_back(std::move(open));
  }
  if (!ever_ready_ || opened) {
    TRY(Handed files, helper.read_files());
    estate.handed.files = std::move(files.files);
  }
  if (estate.handed.config_text.empty()) {
    TRY(estate.handed.config_text, read_config_text(estate.config.directory));
  }
  return {};
}

void Supervisor::reload() {
  if (pending_) {
    reload_again_ = true;
    return;
  }
  notifier_.reloading(clock_->now());
  auto handed_over = hand_over();
  if (handed_over) return;
  events::config_refused(*log_, handed_over.error());
  pending_.reset();
  say_ready("The new configuration was refused: " + handed_over.error().what);
}

// Everything new is made before anything is given: a configuration comes whole or not at all.
Result<> Supervisor::hand_over() {
  const std::string& directory = estate_.config.directory;
  Pending pending;
  TRY(pending.estate.handed.config_text, read_config_text(directory));
  TRY(pending.estate.config, config_of(pending.estate.handed, directory));
  TRY(pending.helper_pid, fork_helper(pending.estate.config, pending.helper));
  auto wanted = all_listeners(pending.estate.config);
  for (const auto& one : estate_.open) {
    auto stays = std::ranges::find(wanted, one.what.endpoint, &Listening::endpoint);
    if (stays == wanted.end()) continue;
    OpenListener same{*stays, {}};
    for (const auto& socket : one.sockets) same.sockets.emplace_back(dup(socket.get()));
    pending.estate.open.push_back(std::move(same));
  }
  TRY_VOID(open_all(pending.estate, HelperClient(pending.helper), &pending.opened));
  // Nobody may start with it later and find out then. Here the permissions can be seen too.
  Config whole = pending.estate.config;
  whole.handed_files = pending.estate.handed.files;
  TRY_VOID(can_send(whole));
  pending_ = std::move(pending);
  if (server_ == 0) {  // it will start with it
    settle(true, "");
    return {};
  }
  TRY(auto file, guard::to_memory_file(print_handed(pending_->estate.handed)));
  TRY_VOID(link_.send({guard::Kind::configuration, 0, ""}, file.get()));
  for (const auto& open : pending_->estate.open) {
    if (std::ranges::find(pending_->opened, open.what) == pending_->opened.end()) continue;
    for (const auto& socket : open.sockets)
      TRY_VOID(link_.send({guard::Kind::listener, 0, open.what.str()}, socket.get()));
  }
  return link_.send({guard::Kind::reload, 0, ""});
}

void Supervisor::settle(bool obeyed, const std::string& words) {
  if (!pending_) return;
  Pending settled = *std::exchange(pending_, std::nullopt);
  if (obeyed) {
    if (server_ != 0) {
      helper_ = settled.helper_pid;  // the one of before ends when the server lets go of it
      (void)link_.send({guard::Kind::helper, 0, ""}, settled.helper.descriptor());
    }
    estate_ = std::move(settled.estate);
    guard::Restarts::Limits limits{static_cast<unsigned>(estate_.config.crashes_max),
                                   estate_.config.restart_pause_max};
    server_restarts_.set_limits(limits);
    helper_restarts_.set_limits(limits);
    Log::Options options = log_options(estate_.config);
    log_->configure(options.json, options.level);
    say_ready(words);
  } else {
    // The server has said so in the log.
    say_ready("The new configuration was refused: " + words);
  }
  if (std::exchange(reload_again_, false)) reload();
}

}  // namespace posta::app
