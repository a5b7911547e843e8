#include "app/superior.h"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <mutex>

#include "app/helper.h"

namespace posta::app {

Result<Handed> read_all(const std::string& directory) {
  TRY(std::string text, read_config_text(directory));
  TRY(Config config, parse_config_of(directory, text));
  Handed out = read_private_files(config);
  out.config_text = std::move(text);
  return out;
}

Result<Config> config_of(const Handed& handed, const std::string& directory) {
  TRY(Config config, parse_config_of(directory, handed.config_text));
  config.handed = true;
  config.handed_files = handed.files;
  return config;
}

namespace {

class NoSupervisor final : public Superior {
 public:
  NoSupervisor(std::string directory, guard::ServiceEnvironment environment)
      : directory_(std::move(directory)), notifier_(environment.notify_socket) {
    if (auto interval = guard::watchdog_interval(environment, getpid()))
      alive_every_ = *interval / 2;
  }

  void listen(runtime::asio::Loop& loop, Obey obey, std::function<void()>) override {
    obey_ = std::move(obey);
    loop_ = &loop;
    signals_ = std::make_unique<boost::asio::signal_set>(loop.context(), SIGHUP);
    wait();
  }
  void stop_listening() override { signals_.reset(); }

  long process() const override { return getpid(); }
  void ready(const std::string& status) override { notifier_.ready(status); }
  void stopping() override { notifier_.stopping(); }
  void alive() override { notifier_.alive(); }
  Duration alive_every() const override { return alive_every_; }
  void reloaded(const std::string& status) override { notifier_.ready(status); }
  void refused(const Error& error) override {
    notifier_.ready("The new configuration was refused: " + error.what);
  }
  Result<Handed> read_files_again(const Config& config) override {
    return read_private_files(config);
  }

 private:
  void wait() {
    signals_->async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      notifier_.reloading(loop_->now());
      auto handed = read_all(directory_);
      obey_(handed ? Result<Order>(Order{*std::move(handed), {}}) : Failure(handed.error()));
      if (signals_) wait();
    });
  }

  std::string directory_;
  runtime::asio::Loop* loop_ = nullptr;
  guard::Notifier notifier_;
  Duration alive_every_{};
  Obey obey_;
  std::unique_ptr<boost::asio::signal_set> signals_;
};

class Supervisor final : public Superior {
 public:
  Supervisor(guard::Channel link, guard::Channel helper, Duration alive_every)
      : link_(std::move(link)), helper_(std::move(helper)), alive_every_(alive_every) {}

  void listen(runtime::asio::Loop& loop, Obey obey, std::function<void()> end) override {
    obey_ = std::move(obey);
    end_ = std::move(end);
    input_ =
        std::make_unique<boost::asio::posix::stream_descriptor>(loop.context(), link_.descriptor());
    wait();
  }
  void stop_listening() override {
    if (!input_) return;
    input_->release();  // the channel stays open, and its owner's
    input_.reset();
  }

  long process() const override { return supervisor_; }
  void ready(const std::string& status) override { say(guard::Kind::ready, status); }
  void stopping() override { say(guard::Kind::stopping, ""); }
  void alive() override { say(guard::Kind::alive, ""); }
  Duration alive_every() const override { return alive_every_; }
  void reloaded(const std::string& status) override { say(guard::Kind::reloaded, status); }
  void refused(const Error& error) override { say(guard::Kind::refused, error.what); }

  Result<Handed> read_files_again(const Config&) override {
    std::lock_guard lock(mutex_);
    return HelperClient(helper_).read_files();
  }

 private:
  void say(guard::Kind kind, const std::string& text) {
    // If it cannot be said the supervisor is gone, and this process with it in a moment.
    (void)link_.send({kind, 0, text});
  }

  void wait() {
    input_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](boost::system::error_code error) {
                         if (error) return;
                         while (input_ && take_one()) {
                         }
                         if (input_) wait();
                       });
  }

  // False: there is nothing more for now.
  bool take_one() {
    auto received = link_.receive();
    if (!received) {
      if (received.error().is(Error::Kind::syntax)) return true;
      if (received.error().is(Error::Kind::closed)) {
        stop_listening();
        end_();
      }
      return false;
    }
    take(*std::move(received));
    return true;
  }

  void take(guard::Channel::Received received) {
    switch (received.message.kind) {
      case guard::Kind::configuration: {
        order_ = {};
        auto octets = guard::from_memory_file(received.descriptor, kHandedOctetsMax);
        auto handed = octets ? parse_handed(*octets) : Result<Handed>(Failure(octets.error()));
        if (!handed) return obey_(Failure(handed.error()));
        order_.handed = *std::move(handed);
        return;
      }
      case guard::Kind::listener: return take_listener(std::move(received));
      case guard::Kind::helper: {
        std::lock_guard lock(mutex_);
        helper_ = guard::Channel(std::move(received.descriptor));
        return;
      }
      case guard::Kind::reload: return obey_(std::exchange(order_, {}));
      default: return;  // nothing that a supervisor says
    }
  }

  // Its text is "SERVICE ENDPOINT"; the sockets of one listener come one after the other.
  void take_listener(guard::Channel::Received received) {
    const std::string& text = received.message.text;
    auto blank = text.find(' ');
    if (blank == text.npos || !received.descriptor.valid()) return;
    auto endpoint = net::Endpoint::parse(text.substr(blank + 1));
    if (!endpoint) return;
    Listening what{text.substr(0, blank), *endpoint};
    if (order_.opened.empty() || order_.opened.back().what != what)
      order_.opened.push_back({what, {}});
    order_.opened.back().sockets.emplace_back(received.descriptor.release());
  }

  long supervisor_ = getppid();
  guard::Channel link_;
  std::mutex mutex_;  // of the helper's channel: one question at a time
  guard::Channel helper_;
  Duration alive_every_;
  Order order_;
  Obey obey_;
  std::function<void()> end_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> input_;
};

}  // namespace

std::unique_ptr<Superior> no_supervisor(const Config& config,
                                        guard::ServiceEnvironment environment) {
  return std::make_unique<NoSupervisor>(config.directory, std::move(environment));
}

std::unique_ptr<Superior> supervisor_at(guard::Channel link, guard::Channel helper,
                                        Duration alive_every) {
  return std::make_unique<Supervisor>(std::move(link), std::move(helper), alive_every);
}

}  // namespace posta::app
