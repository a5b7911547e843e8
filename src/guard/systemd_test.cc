#include "guard/systemd.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace posta::guard {
namespace {

using namespace std::chrono_literals;

TEST(Systemd, SocketsAreThoseMeantForThisProcess) {
  ServiceEnvironment environment;
  EXPECT_TRUE(inherited_sockets(environment, 7)->empty());
  environment.listen_fds = "3";
  environment.listen_pid = "7";
  environment.listen_fdnames = "smtp::pop3";
  EXPECT_TRUE(inherited_sockets(environment, 8)->empty());
  auto sockets = inherited_sockets(environment, 7);
  ASSERT_TRUE(sockets && sockets->size() == 3);
  EXPECT_EQ((*sockets)[0].descriptor, 3);
  EXPECT_EQ((*sockets)[0].name, "smtp");
  EXPECT_EQ((*sockets)[1].name, "unknown");
  EXPECT_EQ((*sockets)[2].descriptor, 5);
  EXPECT_EQ((*sockets)[2].name, "pop3");
  environment.listen_fdnames = "";
  EXPECT_EQ((*inherited_sockets(environment, 7))[2].name, "unknown");
}

TEST(Systemd, NumbersWithoutSenseAreErrors) {
  for (const char* count : {"-1", "x", "1025", "99999999999999999999"}) {
    ServiceEnvironment environment;
    environment.listen_fds = count;
    environment.listen_pid = "7";
    auto sockets = inherited_sockets(environment, 7);
    ASSERT_FALSE(sockets) << count;
    EXPECT_TRUE(sockets.error().is(Error::Kind::config));
  }
}

TEST(Systemd, TheWatchdogIsForTheProcessItNames) {
  ServiceEnvironment environment;
  EXPECT_FALSE(watchdog_interval(environment, 7));
  environment.watchdog_usec = "30000000";
  EXPECT_EQ(watchdog_interval(environment, 7), 30s);
  environment.watchdog_pid = "8";
  EXPECT_FALSE(watchdog_interval(environment, 7));
  environment.watchdog_pid = "7";
  environment.watchdog_usec = "0";
  EXPECT_FALSE(watchdog_interval(environment, 7));
}

// What a notifier with this path says; `lead` is '\0' for the abstract name space.
std::string heard(const std::string& path, char lead, void (*say)(Notifier&)) {
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  address.sun_path[0] = lead;
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  Notifier notifier(path);
  say(notifier);
  char out[1000];
  ssize_t n = recv(socket.get(), out, sizeof out, 0);
  return n < 0 ? "" : std::string(out, static_cast<std::size_t>(n));
}

TEST(Systemd, StatesAreSaidInDatagrams) {
  std::string abstract = "@posta-test-" + std::to_string(getpid());
  EXPECT_EQ(heard(abstract, '\0', [](Notifier& n) { n.ready("all\nis well"); }),
            "READY=1\nSTATUS=all is well");
  EXPECT_EQ(heard(abstract, '\0', [](Notifier& n) { n.reloading(Instant(1234567891ns)); }),
            "RELOADING=1\nMONOTONIC_USEC=1234567");
  EXPECT_EQ(heard(abstract, '\0', [](Notifier& n) { n.alive(); }), "WATCHDOG=1");
  std::string file = testing::TempDir() + "/posta-notify-" + std::to_string(getpid());
  EXPECT_EQ(heard(file, file[0], [](Notifier& n) { n.stopping(); }).substr(0, 10), "STOPPING=1");
  unlink(file.c_str());
}

TEST(Systemd, WithoutASocketNothingIsSaidAndNothingFails) {
  Notifier none("");
  none.ready("x");
  Notifier gone("/nonexistent/notify");
  gone.alive();
  Notifier endless("/" + std::string(500, 'x'));
  endless.alive();
}

}  // namespace
}  // namespace posta::guard
