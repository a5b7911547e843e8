#include "app/serve.h"

#include <csignal>
#include <cstdio>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <future>

#include "app/admin.h"
#include "app/certificates.h"
#include "app/control.h"
#include "app/doors.h"
#include "app/events.h"
#include "app/front.h"
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
  Server(House& house, std::shared_ptr<net::TlsServer> tls)
      : house_(house), current_(house.config()), shared_(house, std::move(tls)) {}

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
        runtime::Nursery nursery(house_.loop(i));
        nursery.spawn(run_then_quit(*fronts_[i], house_.loop(i), open_, all_closed_));
        house_.loop(i).run();
      });
    }
    boost::asio::signal_set signals(house_.loop(0).context(), SIGTERM, SIGINT);
    boost::asio::signal_set hang_up(house_.loop(0).context(), SIGHUP);
    wait_for_signal(signals);
    wait_for_hang_up(hang_up);
    house_.run(first_loop());
    signals.cancel();
    hang_up.cancel();
    for (auto& thread : threads) thread.join();
  }

  // Answers a command from the control thread, on the first loop.
  Answer answer(Request request);

 private:
  void wait_for_signal(boost::asio::signal_set& signals) {
    signals.async_wait([this, &signals](boost::system::error_code error, int signal) {
      if (error) return;
      if (std::exchange(stopping_, true)) std::_Exit(128 + signal);  // the second does not wait
      events::stopping(house_.log(), signal);
      for (auto& front : fronts_) front->close();
      wait_for_signal(signals);
    });
  }

  void wait_for_hang_up(boost::asio::signal_set& hang_up) {
    hang_up.async_wait([this, &hang_up](boost::system::error_code error, int) {
      if (error) return;
      auto fresh = read_config(house_.config().directory);
      Result<> done = fresh ? reload(*std::move(fresh), read_file) : Failure(fresh.error());
      if (!done) events::config_refused(house_.log(), done.error());
      wait_for_hang_up(hang_up);
    });
  }

  // A configuration that is sound, and its certificates: all of it or nothing. On the first loop.
  Result<> reload(Config fresh, const ReadFile& read);

  // Looks once a day.
  runtime::Task<> watch_certificates(runtime::Stop& stop) {
    runtime::Executor& executor = co_await runtime::this_executor();
    do {
      if (shared_.tls) warn_of_expiry(*shared_.tls, house_.log(), executor.wall());
    } while (co_await runtime::sleep_for(std::chrono::hours(24), &stop));
  }

  // The first loop has the queue too: it ends when no session is left that could admit a letter.
  runtime::Task<> first_loop() {
    runtime::Executor& executor = co_await runtime::this_executor();
    runtime::Nursery queue(executor), front(executor), jobs(executor);
    jobs::Sweep sweep({house_.store(), house_.directory(), house_.mailboxes(), house_.log()}, {});
    commands_ = std::make_unique<runtime::Nursery>(executor);
    queue.spawn(house_.queue().run(queue.stop()));
    jobs.spawn(finish_removals());
    jobs.spawn(watch_certificates(jobs.stop()));
    jobs.spawn(sweep.run(jobs.stop()));
    front.spawn(run_front());
    auto control = ControlServer::open(
        house_.config().directory, [this](Request request) { return answer(std::move(request)); });
    if (!control) {
      complain(control.error());
      for (auto& other : fronts_) other->close();
    } else {
      events::started(house_.log(), kVersion, house_.loops(), listening(house_.config()));
    }
    co_await front.join();
    co_await all_closed_.wait();
    jobs.stop().request();
    queue.stop().request();
    co_await jobs.join();
    co_await queue.join();
    if (control) {
      // The control thread may be waiting for an answer from this loop: it ends on a worker.
      auto closed = co_await runtime::on_worker([&control] {
        control->reset();
        return true;
      });
      CHECK(closed);
    }
    co_await commands_->join();
    commands_.reset();
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
  Shared shared_;
  net::asio::AsioNetwork network_;
  std::vector<std::unique_ptr<Front>> fronts_;
  std::unique_ptr<runtime::Nursery> commands_;
  std::atomic<unsigned> open_{0};
  runtime::Bell all_closed_;
  bool stopping_ = false;
};

Result<> Server::reload(Config fresh, const ReadFile& read) {
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

int serve(Config config) {
  std::signal(SIGPIPE, SIG_IGN);
  auto tls = make_tls(config, read_file);
  if (!tls) return complain(tls.error());
  unsigned loops = config.loops ? config.loops : std::max(1u, std::thread::hardware_concurrency());
  auto house = House::open(std::move(config), loops);
  if (!house) return complain(house.error());
  Server server(**house, *std::move(tls));
  if (auto listening_now = server.listen(); !listening_now) return complain(listening_now.error());
  server.run();
  events::stopped((*house)->log());
  return 0;
}

}  // namespace posta::app
