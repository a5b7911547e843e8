#include "app/serve.h"

#include <csignal>
#include <cstdio>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <future>

#include "app/admin.h"
#include "app/control.h"
#include "app/events.h"
#include "app/front.h"
#include "app/inherited.h"
#include "app/supervisor.h"
#include "app/version.h"
#include "app/walls.h"
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

std::string listening_words(const Config& config) {
  std::string out;
  for (const Listening& one : listening(config)) out += (out.empty() ? "" : " ") + one.str();
  return out;
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
  Server(House& house, std::unique_ptr<Superior> superior, std::vector<OpenListener> open)
      : house_(house), superior_(std::move(superior)), shared_(house.config()) {
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

  // Answers a command from the control thread, on the first loop.
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
    for (const Listening& one : listening(house_.config())) network_.disinherit(one.endpoint);
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

  void obey(Result<Order> order) {
    if (!order) return superior_->refused(order.error());
    superior_->refused({Error::Kind::config, "nothing"});
  }

  // The first loop has the queue too: it ends when no session is left that could admit a letter.
  runtime::Task<> first_loop() {
    runtime::Executor& executor = co_await runtime::this_executor();
    runtime::Nursery queue(executor), front(executor), jobs(executor);
    jobs::Sweep sweep({house_.store(), house_.directory(), house_.mailboxes(), house_.log()}, {});
    commands_ = std::make_unique<runtime::Nursery>(executor);
    queue.spawn(house_.queue().run(queue.stop()));
    jobs.spawn(finish_removals());
    jobs.spawn(sweep.run(jobs.stop()));
    front.spawn(run_front());
    auto control = ControlServer::open(
        house_.config().directory, [this](Request request) { return answer(std::move(request)); });
    if (!control) {
      complain(control.error());
      for (auto& other : fronts_) other->close();
    } else {
      events::started(house_.log(), kVersion, house_.loops(), listening_words(house_.config()));
      superior_->listen(
          house_.loop(0).context(), [this](Result<Order> order) { obey(std::move(order)); },
          [this] { stop(); });
      superior_->ready("Serving " + listening_words(house_.config()));
      jobs.spawn(say_alive(jobs.stop()));
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
  std::unique_ptr<Superior> superior_;
  Shared shared_;
  net::asio::AsioNetwork network_;
  std::vector<std::unique_ptr<Front>> fronts_;
  std::unique_ptr<runtime::Nursery> commands_;
  std::atomic<unsigned> open_{0};
  std::atomic<std::size_t> unanswered_{0};  // loops that have not come round since they were asked
  runtime::Bell all_closed_;
  bool stopping_ = false;
};

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
  unsigned loops = loops_of(start.config);
  auto house = House::open(std::move(start.config), loops);
  if (!house) return complain(house.error());
  Server server(**house, std::move(start.superior), std::move(start.open));
  if (auto listening_now = server.listen(); !listening_now) return complain(listening_now.error());
  server.run();
  events::stopped((*house)->log());
  return 0;
}

int serve_alone(Config config, guard::ServiceEnvironment environment) {
  auto who = server_identity(config);
  if (!who) return complain(who.error());
  auto made = make_written_folders(config, *who);
  if (!made) return complain(made.error());
  auto sockets = guard::inherited_sockets(environment, getpid());
  if (!sockets) return complain(sockets.error());
  auto inherited = match_inherited(config, *sockets);
  if (!inherited) return complain(inherited.error());
  config.handed_files = read_private_files(config).files;
  ServerStart start{config, std::move(inherited->open), nullptr};
  // Low ports are opened while this process may.
  for (const Listening& what : listening(config)) {
    bool open = std::ranges::any_of(start.open, [&](const auto& one) { return one.what == what; });
    if (open || std::ranges::count(inherited->covered, what.endpoint) > 0) continue;
    auto socket = net::asio::open_listening(what.endpoint);
    if (!socket && what.optional()) continue;
    if (!socket) return complain(socket.error());
    start.open.push_back({what, {}});
    start.open.back().sockets.push_back(*std::move(socket));
  }
  guard::Walls walls = server_walls(config, *who);
  walls.sandbox = false;
  if (auto entered = guard::enter(walls); !entered) return complain(entered.error());
  guard::raise_descriptor_limit();
  start.superior = no_supervisor(config, std::move(environment),
                                 [] { return std::chrono::steady_clock::now(); });
  return serve(std::move(start));
}

int serve_supervised(Config config, guard::ServiceEnvironment environment) {
  return Supervisor(std::move(config), std::move(environment)).run();
}

}  // namespace posta::app
