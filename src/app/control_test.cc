// The control socket, between threads of one process.
#include "app/control.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <latch>

namespace posta::app {
namespace {

using namespace std::chrono_literals;

// A server directory in which "wait" is answered when it is let go, and all else at once.
class Control : public ::testing::Test {
 protected:
  Control() {
    std::filesystem::create_directory(directory_);
    auto opened = ControlServer::open(directory_, [this](Request request) {
      if (request.args[0] == "wait") {
        ++waiting_;
        waiting_.notify_all();
        go_.wait();
        --waiting_;
      }
      return Answer{0, request.args[0], ""};
    });
    EXPECT_TRUE(opened) << opened.error().what;
    if (opened) server_ = *std::move(opened);
  }
  ~Control() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::future<std::string> ask(std::string word) {
    return std::async(std::launch::async, [this, word] {
      auto answer = ask_server(directory_, {{word}, ""});
      return answer ? answer->out : answer.error().what;
    });
  }
  void until_so_many_wait(unsigned count) {
    for (unsigned now = waiting_; now < count; now = waiting_) waiting_.wait(now);
  }

  std::string directory_ =
      (std::filesystem::temp_directory_path() / ("posta-control-" + std::to_string(getpid())))
          .string();
  std::atomic<unsigned> waiting_ = 0;
  std::latch go_{1};
  std::unique_ptr<ControlServer> server_;
};

TEST_F(Control, OctetsThatAreNoTextArriveAsTheyAre) {
  server_.reset();
  const std::string octets("\xff\x00\r\n caf\xe9", 9);
  auto opened =
      ControlServer::open(directory_, [&](const Request&) { return Answer{3, octets, "no"}; });
  ASSERT_TRUE(opened) << opened.error().what;
  auto answer = ask_server(directory_, {{"anything"}, ""});
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->out, octets);
  EXPECT_EQ(answer->err, "no");
  EXPECT_EQ(answer->exit, 3);
  go_.count_down();
}

TEST_F(Control, AShortRequestDoesNotWaitForALongOne) {
  auto slow = ask("wait");
  until_so_many_wait(1);
  EXPECT_EQ(ask("status").get(), "status");
  EXPECT_EQ(waiting_, 1u);
  go_.count_down();
  EXPECT_EQ(slow.get(), "wait");
}

TEST_F(Control, LimitRequestsAtOnceMakesTheNextOneWait) {
  std::vector<std::future<std::string>> slow;
  for (unsigned i = 0; i < ControlServer::kRequestsAtOnceMax; ++i) slow.push_back(ask("wait"));
  until_so_many_wait(ControlServer::kRequestsAtOnceMax);
  auto next = ask("status");
  EXPECT_EQ(next.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  go_.count_down();
  EXPECT_EQ(next.get(), "status");
  for (auto& one : slow) EXPECT_EQ(one.get(), "wait");
}

TEST_F(Control, TheEndWaitsForWhatIsBeingAnsweredAndForNothingElse) {
  auto slow = ask("wait");
  until_so_many_wait(1);
  auto ended = std::async(std::launch::async, [this] { server_.reset(); });
  EXPECT_EQ(ended.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  go_.count_down();
  ended.get();
  EXPECT_EQ(slow.get(), "wait");
  EXPECT_FALSE(is_server_running(directory_));
}

// Otherwise each of its threads would try again at once, and again.
TEST_F(Control, WithoutDescriptorsItPausesAndAnswersWhenThereAreSome) {
  auto used = [] {
    rusage now{};
    getrusage(RUSAGE_SELF, &now);
    return std::chrono::seconds(now.ru_utime.tv_sec + now.ru_stime.tv_sec) +
           std::chrono::microseconds(now.ru_utime.tv_usec + now.ru_stime.tv_usec);
  };
  const std::string path = control_path(directory_);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);  // the lowest number that is free
  rlimit few{static_cast<rlim_t>(client) + 1, before.rlim_max};
  // Nothing polymorphic from here on: the sanitizer needs descriptors to look at such things.
  int limited = setrlimit(RLIMIT_NOFILE, &few);
  auto begun = used();
  int connected = connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address);
  pollfd wait{client, POLLIN, 0};
  int heard = poll(&wait, 1, 300);
  auto spent = used() - begun;
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(limited, 0);
  EXPECT_EQ(connected, 0);
  EXPECT_EQ(heard, 0);
  EXPECT_LT(spent, 100ms);
  std::string_view request = "{\"args\":[\"status\"],\"input\":\"\"}\n";
  ASSERT_EQ(write(client, request.data(), request.size()), ssize_t(request.size()));
  char answer[1000];
  ssize_t octets = read(client, answer, sizeof answer);
  close(client);
  ASSERT_GT(octets, 0);
  EXPECT_NE(std::string_view(answer, std::size_t(octets)).find("status"), std::string_view::npos);
}

}  // namespace
}  // namespace posta::app
