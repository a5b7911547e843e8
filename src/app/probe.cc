#include "app/probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <thread>

#include "app/handed.h"
#include "app/walls.h"

namespace posta::app {

namespace {

struct Attempt {
  std::string what;
  bool allowed;                // in the sandbox
  std::function<bool()> done;  // errno says why not
};

bool can_open(const std::string& path, int flags) {
  return open(path.c_str(), flags | O_CLOEXEC, 0600) >= 0;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

bool can_bind(std::uint16_t port) {
  sockaddr_in address = loopback(port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

// Refused by the peer is as good as connected: the way was open.
bool can_call(std::uint16_t port) {
  sockaddr_in address = loopback(port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ||
         errno == ECONNREFUSED;
}

std::vector<Attempt> files(const Config& config) {
  std::string supervisor = std::to_string(getpid());
  std::string in_store = config.path(config.store_directory) + "/sandbox-probe";
  std::vector<Attempt> out = {
      {"read /etc/shadow", false, [] { return can_open("/etc/shadow", O_RDONLY); }},
      {"read another user's file (/etc/passwd)", false,
       [] { return can_open("/etc/passwd", O_RDONLY); }},
      {"list /home", false, [] { return can_open("/home", O_RDONLY | O_DIRECTORY); }},
      {"read posta.toml", false,
       [&config] { return can_open(config.path("posta.toml"), O_RDONLY); }},
      {"write in the server directory, outside of its folders", false,
       [&config] { return can_open(config.path("sandbox-probe"), O_CREAT | O_RDWR); }},
      {"write in /tmp", false, [] { return can_open("/tmp/sandbox-probe", O_CREAT | O_RDWR); }},
      {"make a device in the store", false,
       [in_store] { return mknod(in_store.c_str(), S_IFCHR | 0600, 0x0103) == 0; }},
      {"read the supervisor's memory", false,
       [supervisor] { return can_open("/proc/" + supervisor + "/mem", O_RDONLY); }},
      {"read the memory of process 1", false, [] { return can_open("/proc/1/mem", O_RDONLY); }},
      {"make, write, sync, rename and remove a file in the store", true,
       [in_store] {
         int fd = open(in_store.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
         std::string other = in_store + "-2";
         return fd >= 0 && write(fd, "x", 1) == 1 && fdatasync(fd) == 0 &&
                rename(in_store.c_str(), other.c_str()) == 0 && unlink(other.c_str()) == 0;
       }},
  };
  for (const char* path : {"/etc/ssl/certs", "/etc/resolv.conf"})
    if (access(path, R_OK) == 0)
      out.push_back(
          {std::string("read ") + path, true, [path] { return can_open(path, O_RDONLY); }});
  for (const auto& path : private_files(config))
    out.push_back({"read the key " + path, false, [path] { return can_open(path, O_RDONLY); }});
  return out;
}

std::vector<Attempt> network(const Config& config) {
  std::vector<Attempt> out = {
      {"open a raw socket", false, [] { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0; }},
      {"open a packet socket", false, [] { return socket(AF_PACKET, SOCK_RAW, 0) >= 0; }},
      {"bind a low port", false, [] { return can_bind(79); }},
      {"bind any port", false, [] { return can_bind(0); }},
      {"open a UDP socket", true, [] { return socket(AF_INET, SOCK_DGRAM, 0) >= 0; }},
  };
  if (config.connect_ports.empty()) return out;
  out.push_back({"call a port that is not for mail (79)", false, [] { return can_call(79); }});
  out.push_back({fmt::format("call port {}", config.connect_ports[0]), true,
                 [port = config.connect_ports[0]] { return can_call(port); }});
  return out;
}

std::vector<Attempt> processes() {
  pid_t supervisor = getpid();
  return {
      {"run a shell", false,
       [] { return execl("/bin/sh", "sh", "-c", ":", static_cast<char*>(nullptr)) == 0; }},
      {"start a process", false,
       [] {
         pid_t child = fork();
         if (child == 0) _exit(0);
         return child > 0;
       }},
      {"trace the supervisor", false,
       [supervisor] { return ptrace(PTRACE_ATTACH, supervisor, 0, 0) == 0; }},
      {"signal the supervisor", false, [supervisor] { return kill(supervisor, 0) == 0; }},
      {"become root", false, [] { return setuid(0) == 0; }},
      {"get a capability back", false,
       [] { return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 10, 0, 0) == 0; }},
      {"mount a file system", false,
       [] { return mount("probe", "/mnt", "tmpfs", 0, nullptr) == 0; }},
      {"leave the root folder", false, [] { return chroot("/tmp") == 0; }},
      {"make name spaces", false, [] { return unshare(CLONE_NEWUSER) == 0; }},
      {"load a program into the kernel", false,
       [] { return syscall(SYS_bpf, 0, nullptr, 0) >= 0; }},
      {"use the kernel's keys", false,
       [] { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 0) >= 0; }},
      {"make memory executable", false,
       [] {
         return mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                     -1, 0) != MAP_FAILED;
       }},
      {"start a thread", true,
       [] {
         int value = 0;
         std::thread([&value] { value = 1; }).join();
         return value == 1;
       }},
  };
}

// "allowed", "refused (WHY)", and whether it was allowed.
std::pair<std::string, bool> outcome(const guard::Walls& walls, const Attempt& attempt) {
  constexpr int kNotEntered = 255, kNoReason = 254;
  pid_t child = fork();
  if (child == 0) {
    if (!guard::enter(walls)) _exit(kNotEntered);
    errno = 0;
    bool done = attempt.done();
    _exit(done ? 0 : errno == 0 ? kNoReason : errno);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return {"cannot be tried", false};
  if (WIFSIGNALED(status)) return {fmt::format("refused ({})", strsignal(WTERMSIG(status))), false};
  int code = WEXITSTATUS(status);
  if (code == 0) return {"allowed", true};
  if (code == kNotEntered) return {"the sandbox could not be entered", false};
  return {fmt::format("refused ({})", code == kNoReason ? "no reason" : strerror(code)), false};
}

}  // namespace

Answer probe_sandbox(const Config& config, bool json) {
  auto who = server_identity(config);
  if (!who) return {1, "", "posta: " + who.error().what + "\n"};
  auto made = make_written_folders(config, *who);
  if (!made) return {1, "", "posta: " + made.error().what + "\n"};
  guard::Walls walls = server_walls(config, *who);
  walls.required = true;  // what the kernel cannot refuse is not proved
  if (!walls.sandbox) return {1, "", "posta: the sandbox is off (sandbox = \"off\")\n"};
  Answer answer;
  boost::json::array list;
  auto all = files(config);
  for (auto more : {network(config), processes()}) all.insert(all.end(), more.begin(), more.end());
  for (const Attempt& attempt : all) {
    auto [words, allowed] = outcome(walls, attempt);
    bool right = allowed == attempt.allowed;
    list.push_back(
        boost::json::object{{"is", right ? "ok" : "WRONG"}, {"what", attempt.what + ": " + words}});
    answer.out += fmt::format("{}  {}: {}\n", right ? "ok   " : "WRONG", attempt.what, words);
    if (!right) answer.exit = 1;
  }
  if (json)
    answer.out = boost::json::serialize(boost::json::object{{"wrong", answer.exit != 0},
                                                            {"findings", std::move(list)}}) +
                 "\n";
  return answer;
}

}  // namespace posta::app
