#include "app/serve.h"

#include <csignal>
#include <cstdio>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <future>
#include <latch>

#include "app/admin.h"
#include "app/certificates.h"
#include "app/checkpoint.h"
#include "app/control.h"
#include "app/doors.h"
#include "app/drop_box.h"
#include "app/events.h"
#include "app/front.h"
#include "app/outbound.h"
#include "app/reload.h"
#include "app/version.h"
#include "base/check.h"
#include "jobs/sweep.h"
#include "net/asio/network.h"
#include "ops/accounts.h"
#include "runtime/worker.h"

namespace posta::app {

namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "posta: %s\n", error.what.c_str());
  return 1;
}

// One front on each loop but the first, each with its thread.
runtime::Task<> run_then_quit(Front& front, runtime::asio::Loop& loop, std::atomic<unsigned>& open,
                              runtime::Bell& all_closed) {
  co_await front.run();
  if (--open == 0) all_closed.ring();
  loop.quit();
}

class Server {
 public:
  Server(House& house, std::shared_ptr<net::TlsServer> tls, std::unique_ptr<Superior> superior)
      : house_(house),
        current_(house.config()),
        superior_(std::move(superior)),
        shared_(house, std::move(tls)) {
    auto count = [](const server::Census& census) {
      return [&census] { return census.sessions(); };
    };
    house_.set_live({.since = house_.loop(0).wall(),
                     .process = superior_->process(),
                     .listening = listening(house_.config()),
                     .sessions = {{"smtp", count(shared_.smtp_census)},
                                  {"submission", count(shared_.submission_census)},
                                  {"pop3", count(shared_.pop3_census)},
                                  {"imap", count(shared_.imap_census)}}});
  }

  void inherit(std::vector<OpenListener> open) {
    for (OpenListener& one : open)
      for (auto& socket : one.sockets) network_.inherit(one.what.endpoint, std::move(socket));
  }

  Result<> listen() {
    for (std::size_t i = 0; i < house_.loops(); ++i) {
      fronts_.push_back(std::make_unique<Front>(house_, shared_, network_, house_.loop(i)));
      TRY_VOID(fronts_.back()->listen());
    }
    return {};
  }

  void run() {
    open_ = static_cast<unsigned>(house_.loops());
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < house_.loops(); ++i) {
      threads.emplace_back([this, i] {
        begun_.wait();
        runtime::Nursery nursery(house_.loop(i));
        nursery.spawn(run_then_quit(*fronts_[i], house_.loop(i), open_, all_closed_));
        house_.loop(i).run();
      });
    }
    boost::asio::signal_set signals(house_.loop(0).context(), SIGTERM, SIGINT);
    wait_for_signal(signals);
    house_.run(first_loop());
    signals.cancel();
    for (auto& thread : threads) thread.join();
  }

  // Answers a command from a control thread, on the first loop.
  Answer answer(Request request);

 private:
  void wait_for_signal(boost::asio::signal_set& signals) {
    signals.async_wait([this, &signals](boost::system::error_code error, int signal) {
      if (error) return;
      if (std::exchange(stopping_, true)) std::_Exit(128 + signal);  // the second does not wait
      events::stopping(house_.log(), signal);
      stop();
      wait_for_signal(signals);
    });
  }

  // No connection may wait in the queue of a socket that nobody accepts from.
  void stop() {
    superior_->stopping();
    superior_->stop_listening();
    for (const Listening& one : all_listeners(current_)) network_.disinherit(one.endpoint);
    for (auto& front : fronts_) front->close();
  }

  // Says that all loops turn, in each interval in which they do.
  runtime::Task<> say_alive(runtime::Stop& stop) {
    Duration every = superior_->alive_every();
    while (every > Duration::zero() && co_await runtime::sleep_for(every, &stop)) {
      if (unanswered_ > 0) continue;  // a loop has not come round since the last time
      superior_->alive();
      unanswered_ = house_.loops() - 1;
      for (std::size_t i = 1; i < house_.loops(); ++i)
        boost::asio::post(house_.loop(i).context(), [this] { --unanswered_; });
    }
  }

  // A new configuration from above. On the first loop.
  void obey(Result<Order> order) {
    Result<> done = order ? apply(*std::move(order)) : Failure(order.error());
    if (done) return superior_->reloaded("Serving " + listening(current_));
    events::config_refused(house_.log(), done.error());
    superior_->refused(done.error());
  }
  Result<> apply(Order order);

  // A configuration that is sound, and its certificates: all of it or nothing. On the first loop.
  Result<> reload(Config fresh);

  // Renewed certificates are served within an hour, signal or not; each day is warned of old ones.
  runtime::Task<> watch_certificates(runtime::Stop& stop) {
    runtime::Executor& executor = co_await runtime::this_executor();
    for (unsigned hour = 0;; ++hour) {
      if (shared_.tls && hour % 24 == 0)
        warn_of_expiry(*shared_.tls, house_.log(), executor.wall());
      if (!co_await runtime::sleep_for(std::chrono::hours(1), &stop)) co_return;
      co_await read_certificates_again();
    }
  }
  runtime::Task<> read_certificates_again();

  // The first loop has the queue too: it ends when no session is left that could admit a letter.
  runtime::Task<> first_loop() {
    runtime::Executor& executor = co_await runtime::this_executor();
    runtime::Nursery queue(executor), front(executor), jobs(executor), tracing(executor);
    jobs::Sweep sweep({house_.store(), house_.directory(), house_.mailboxes(), house_.log()}, {});
    commands_ = std::make_unique<runtime::Nursery>(executor);
    queue.spawn(house_.queue().run(queue.stop()));
    jobs.spawn(finish_removals());
    jobs.spawn(watch_certificates(jobs.stop()));
    jobs.spawn(sweep.run(jobs.stop()));
    DropBox drop(house_, {});
    jobs.spawn(drop.run(jobs.stop()));
    tracing.spawn(house_.trace().run(tracing.stop()));
    // Who is greeted may count on it that commands and signals are heard: the doors come after
    // them.
    auto control = ControlServer::open(
        house_.config().directory, [this](Request request) { return answer(std::move(request)); });
    if (control)
      superior_->listen(
          house_.loop(0), [this](Result<Order> order) { obey(std::move(order)); },
          [this] { stop(); });
    begun_.count_down();
    front.spawn(run_front());
    if (!control) {
      complain(control.error());
      for (auto& other : fronts_) other->close();
    } else {
      events::started(house_.log(), kVersion, house_.loops(), listening(house_.config()));
      superior_->ready("Serving " + listening(house_.config()));
      jobs.spawn(say_alive(jobs.stop()));
    }
    co_await front.join();
    co_await all_closed_.wait();
    jobs.stop().request();
    queue.stop().request();
    co_await jobs.join();
    co_await queue.join();
    if (control) {
      // Control threads may be waiting for an answer from this loop: they end on a worker.
      auto closed = co_await runtime::on_worker([&control] {
        control->reset();
        return true;
      });
      CHECK(closed);
    }
    co_await commands_->join();
    commands_.reset();
    tracing.stop().request();
    co_await tracing.join();
  }

  // Mail of accounts whose removal a crash has interrupted.
  runtime::Task<> finish_removals() {
    ops::Accounts accounts(house_.store(), house_.directory(), house_.mailboxes());
    auto finished = co_await accounts.finish_removals();
    if (!finished) events::removals_unfinished(house_.log(), finished.error());
  }

  runtime::Task<> run_front() {
    co_await fronts_[0]->run();
    if (--open_ == 0) all_closed_.ring();
  }

  runtime::Task<> answer_to(Request request, std::promise<Answer>& done) {
    Answer answer = co_await administer(house_, std::move(request));
    done.set_value(std::move(answer));
  }

  House& house_;
  Config current_;  // what is in force, less what needs a restart
  std::unique_ptr<Superior> superior_;
  Shared shared_;
  net::asio::AsioNetwork network_;
  std::vector<std::unique_ptr<Front>> fronts_;
  std::unique_ptr<runtime::Nursery> commands_;
  std::atomic<unsigned> open_{0};
  std::atomic<std::size_t> unanswered_{0};  // loops that have not come round since they were asked
  std::latch begun_{1};                     // commands and signals are heard
  runtime::Bell all_closed_;
  bool stopping_ = false;
};

// Whoever may not open ports has got those that are new; whoever may opens them here.
Result<> Server::apply(Order order) {
  TRY(Config fresh, config_of(order.handed, house_.config().directory));
  TRY_VOID(can_send(fresh));
  auto before = all_listeners(current_), wanted = all_listeners(fresh);
  for (const Listening& what : wanted) {
    auto at = [&](const auto& one) { return one.what.endpoint == what.endpoint; };
    bool there = std::ranges::count(before, what.endpoint, &Listening::endpoint) > 0 ||
                 std::ranges::any_of(order.opened, at);
    if (there) continue;
    auto socket = net::asio::open_listening(what.endpoint);
    if (!socket && what.optional()) continue;
    if (!socket) return Failure(socket.error());
    order.opened.push_back({what, {}});
    order.opened.back().sockets.push_back(*std::move(socket));
  }
  TRY_VOID(reload(fresh));
  inherit(std::move(order.opened));
  house_.live()->listening = listening(fresh);
  for (const Listening& what : before)
    if (std::ranges::count(wanted, what.endpoint, &Listening::endpoint) == 0)
      network_.disinherit(what.endpoint);
  for (std::size_t i = 0; i < fronts_.size(); ++i)
    boost::asio::post(house_.loop(i).context(),
                      [front = fronts_[i].get(), fresh] { front->listen_anew(fresh); });
  return {};
}

runtime::Task<> Server::read_certificates_again() {
  // A copy for the worker: an order may come meanwhile.
  auto files = co_await runtime::on_worker([superior = superior_.get(), config = current_] {
    return superior->read_files_again(config);
  });
  if (!files || !*files || (*files)->files == current_.handed_files) co_return;
  Config fresh = current_;
  fresh.handed_files = std::move((*files)->files);
  auto done = reload(std::move(fresh));
  if (!done) events::config_refused(house_.log(), done.error());
}

Result<> Server::reload(Config fresh) {
  ReadFile read = [&fresh](const std::string& path) { return read_private_file(fresh, path); };
  TRY(auto certificates, read_certificates(fresh, read));
  std::shared_ptr<net::TlsServer> tls = certificates.empty() ? nullptr : shared_.tls;
  if (tls && fresh.tls12 == current_.tls12) {
    TRY_VOID(tls->replace(std::move(certificates)));  // tickets stay good
  } else {
    TRY(tls, make_tls(fresh, read));
  }
  shared_.configure(fresh, std::move(tls));
  for (std::size_t i = 0; i < fronts_.size(); ++i)
    boost::asio::post(
        house_.loop(i).context(),
        [front = fronts_[i].get(), services = shared_.services] { front->configure(services); });
  house_.configure(fresh);
  events::config_reloaded(house_.log(),
                          fmt::format("{}", fmt::join(changed(current_, fresh), " ")));
  auto waiting = need_restart(house_.config(), fresh);
  house_.live()->waiting = waiting;
  if (!waiting.empty())
    events::restart_needed(house_.log(), fmt::format("{}", fmt::join(waiting, " ")));
  if (shared_.tls) warn_of_expiry(*shared_.tls, house_.log(), house_.loop(0).wall());
  current_ = std::move(fresh);
  return {};
}

Answer Server::answer(Request request) {
  std::promise<Answer> done;
  std::future<Answer> answered = done.get_future();
  boost::asio::post(house_.loop(0).context(),
                    [&] { commands_->spawn(answer_to(std::move(request), done)); });
  return answered.get();
}

}  // namespace

int serve(ServerStart start) {
  std::signal(SIGPIPE, SIG_IGN);
  // While the store waits for the disk.
  auto tls_made = std::async(std::launch::async, [config = start.config] {
    return make_tls(config,
                    [&config](const std::string& path) { return read_private_file(config, path); });
  });
  unsigned loops = loops_of(start.config);
  auto house = House::open(std::move(start.config), loops);
  auto tls = tls_made.get();
  if (!tls) return complain(tls.error());
  if (!house) return complain(house.error());
  const Config& c = (*house)->config();
  remove_checkpoints(c.path(c.store_directory));  // of a backup that was interrupted
  Server server(**house, *std::move(tls), std::move(start.superior));
  server.inherit(std::move(start.open));
  if (auto listening_now = server.listen(); !listening_now) return complain(listening_now.error());
  server.run();
  events::stopped((*house)->log());
  return 0;
}

}  // namespace posta::app
