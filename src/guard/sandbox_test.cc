// Each attempt runs in a child of its own that has entered the sandbox: what is tried there cannot
// be undone. tests/e2e/sandbox_test.py tries the same in the sandbox that the server itself has.
#include "guard/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "guard/descriptor.h"

namespace posta::guard {
namespace {

// 0: done; an errno; or 1000 + the signal that ended the child.
int inside(const Walls& walls, const std::function<bool()>& attempt) {
  pid_t child = fork();
  if (child == 0) {
    if (!enter(walls)) _exit(255);
    errno = 0;
    bool done = attempt();
    _exit(done ? 0 : errno == 0 ? 254 : errno);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_NE(status, 255 << 8) << "the sandbox could not be entered";
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

constexpr int kKilled = 1000 + SIGSYS;

bool connects_to(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (landlock_abi() < 1 || !has_seccomp()) GTEST_SKIP() << "this kernel has no sandbox";
    std::filesystem::create_directories(mine + "/sub");
    std::filesystem::create_directories(readable);
    std::ofstream(readable + "/file") << "x";
    std::ofstream(secret) << "x";
    walls.who = current_identity();
    walls.reach.read = {readable, "/nonexistent/folder"};
    walls.reach.read_and_write = {mine};
    walls.reach.connect_ports = {25};
  }
  void TearDown() override { std::filesystem::remove_all(root); }

  std::string root = testing::TempDir() + "/posta-sandbox-" + std::to_string(getpid());
  std::string mine = root + "/mine", readable = root + "/readable", secret = root + "/secret";
  Walls walls;
};

TEST_F(Sandbox, WhatTheServerNeedsWorks) {
  EXPECT_EQ(inside(walls,
                   [&] {
                     std::string a = mine + "/a", b = mine + "/sub/b";
                     int fd = open(a.c_str(), O_CREAT | O_RDWR, 0600);
                     return fd >= 0 && write(fd, "x", 1) == 1 && fdatasync(fd) == 0 &&
                            ftruncate(fd, 0) == 0 && link(a.c_str(), (a + "2").c_str()) == 0 &&
                            rename(a.c_str(), b.c_str()) == 0 && unlink(b.c_str()) == 0 &&
                            mkdir((mine + "/new").c_str(), 0700) == 0;
                   }),
            0);
  EXPECT_EQ(inside(walls, [&] { return open((readable + "/file").c_str(), O_RDONLY) >= 0; }), 0);
  EXPECT_EQ(inside(walls,
                   [&] {
                     int value = 0;
                     std::thread([&value] { value = 1; }).join();
                     return value == 1;
                   }),
            0);
  EXPECT_EQ(inside(walls, [&] { return socket(AF_INET6, SOCK_DGRAM, 0) >= 0; }), 0);
}

TEST_F(Sandbox, FilesOutsideAreOutOfReach) {
  EXPECT_EQ(inside(walls, [&] { return open(secret.c_str(), O_RDONLY) >= 0; }), EACCES);
  EXPECT_EQ(inside(walls, [&] { return open("/etc/shadow", O_RDONLY) >= 0; }), EACCES);
  EXPECT_EQ(inside(walls, [&] { return open((root + "/new").c_str(), O_CREAT | O_RDWR) >= 0; }),
            EACCES);
  EXPECT_EQ(inside(walls, [&] { return open((readable + "/file").c_str(), O_RDWR) >= 0; }), EACCES);
  EXPECT_EQ(inside(walls, [&] { return unlink(secret.c_str()) == 0; }), EACCES);
  EXPECT_EQ(inside(walls, [&] { return symlink("/etc", (mine + "/link").c_str()) == 0; }), EPERM);
}

TEST_F(Sandbox, WhatOnlyAnAttackerAsksEndsTheProcess) {
  EXPECT_EQ(inside(walls, [] { return execl("/bin/sh", "sh", "-c", ":", nullptr) == 0; }), kKilled);
  EXPECT_EQ(inside(walls, [] { return ptrace(PTRACE_TRACEME, 0, 0, 0) == 0; }), kKilled);
  EXPECT_EQ(inside(walls, [] { return mount("x", "/mnt", "tmpfs", 0, nullptr) == 0; }), kKilled);
  EXPECT_EQ(inside(walls, [] { return unshare(CLONE_NEWUSER) == 0; }), kKilled);
}

TEST_F(Sandbox, WhatIsMerelyNotNeededIsRefused) {
  EXPECT_EQ(inside(walls, [] { return fork() >= 0; }), EPERM);
  EXPECT_EQ(inside(walls, [] { return setuid(0) == 0; }), EPERM);
  EXPECT_EQ(inside(walls, [] { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0; }), EPERM);
  EXPECT_EQ(inside(walls, [] { return socket(AF_PACKET, SOCK_DGRAM, 0) >= 0; }), EPERM);
  EXPECT_EQ(inside(walls, [] { return kill(getppid(), 0) == 0; }), EPERM);
  EXPECT_EQ(inside(walls,
                   [] {
                     return mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
                   }),
            EPERM);
}

TEST_F(Sandbox, PortsAreNotBoundAndOnlyNamedOnesAreCalled) {
  if (landlock_abi() < 4) GTEST_SKIP() << "this kernel does not fence ports";
  EXPECT_EQ(inside(walls,
                   [] {
                     int fd = socket(AF_INET, SOCK_STREAM, 0);
                     sockaddr_in address{};
                     address.sin_family = AF_INET;
                     return bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
                   }),
            EACCES);
  EXPECT_EQ(inside(walls, [] { return connects_to(1); }), EACCES);
  EXPECT_NE(inside(walls, [] { return connects_to(25); }), EACCES);
  walls.reach.every_port = true;
  EXPECT_NE(inside(walls, [] { return connects_to(1); }), EACCES);
}

TEST_F(Sandbox, TheHelperIsEndedByWhatItDoesNotDo) {
  walls.calls = Calls::helper;
  EXPECT_EQ(inside(walls, [] { return fork() >= 0; }), kKilled);
  EXPECT_EQ(inside(walls, [] { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }), kKilled);
  EXPECT_EQ(inside(walls, [] { return unlink("/nonexistent") == 0; }), kKilled);
  EXPECT_EQ(inside(walls, [] { return to_memory_file("x").has_value(); }), 0);
}

TEST_F(Sandbox, OffStillGivesUpPrivilegesForGood) {
  walls.sandbox = false;
  EXPECT_EQ(inside(walls, [&] { return open(secret.c_str(), O_RDONLY) >= 0; }), 0);
  EXPECT_EQ(inside(walls, [] { return !has_capability(kCapSetuid); }), 0);
  if (geteuid() != 0) return;
  walls.who = {"nobody", 65534, 65534};
  EXPECT_EQ(inside(walls, [] { return getuid() == 65534 && getegid() == 65534; }), 0);
  EXPECT_EQ(inside(walls, [] { return getgroups(0, nullptr) == 0; }), 0);
  EXPECT_EQ(inside(walls, [] { return setuid(0) == 0; }), EPERM);
  EXPECT_EQ(inside(walls, [] { return open("/etc/shadow", O_RDONLY) >= 0; }), EACCES);
}

TEST_F(Sandbox, OlderLandlocksAreUsedAsFarAsTheyGo) {
  for (int abi = 1; abi <= landlock_abi(); ++abi) {
    pid_t child = fork();
    if (child == 0) {
      bool entered = close_doors() && restrict_by_landlock(walls.reach, abi);
      bool denied = open(secret.c_str(), O_RDONLY) < 0;
      bool allowed = open((mine + "/f").c_str(), O_CREAT | O_RDWR, 0600) >= 0;
      _exit(entered && denied && allowed ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << "ABI " << abi;
  }
}

}  // namespace
}  // namespace posta::guard
