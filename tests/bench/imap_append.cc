// imap_append.cc: appends messages to one mailbox over one IMAP connection, one at a time.
//
//   imap_append --port N --user NAME --mailbox NAME [--messages 1000] [--size 4096]
//
// The password is read from standard input, so that no list of processes shows it. The mailbox is
// made if it is not there. Each message goes in one write with its command, as a literal that waits
// for nobody (LITERAL+, RFC 7888); the next one goes when the last one was answered OK. The client
// is to cost little beside the server: blocking calls, one buffer, and only the tag is looked at.
// Prints one line of JSON; the exit code is 0 if every message was taken.

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "letters.h"

namespace posta::bench {
namespace {

constexpr int kSecondsMax = 120;  // for one answer

using Clock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  std::string user, mailbox;
  std::size_t messages = 1000;
  std::size_t size = 4096;
};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "imap_append: %s\n", what.c_str());
  std::exit(1);
}

Options read_options(int argc, char** argv) {
  static constexpr option kLong[] = {
      {"port", required_argument, nullptr, 'p'},    {"user", required_argument, nullptr, 'u'},
      {"mailbox", required_argument, nullptr, 'b'}, {"messages", required_argument, nullptr, 'm'},
      {"size", required_argument, nullptr, 's'},    {nullptr, 0, nullptr, 0}};
  Options out;
  for (int c; (c = getopt_long(argc, argv, "", kLong, nullptr)) != -1;) {
    switch (c) {
      case 'p': out.port = static_cast<std::uint16_t>(std::atoi(optarg)); break;
      case 'u': out.user = optarg; break;
      case 'b': out.mailbox = optarg; break;
      case 'm': out.messages = std::strtoull(optarg, nullptr, 10); break;
      case 's': out.size = std::strtoull(optarg, nullptr, 10); break;
      default: std::exit(2);
    }
  }
  if (out.port == 0 || out.user.empty() || out.mailbox.empty())
    die("--port, --user and --mailbox must be said");
  if (out.size < Letters::kOctetsMin) die("--size is too small");
  return out;
}

class Connection {
 public:
  explicit Connection(std::uint16_t port)
      : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) die("cannot connect");
    int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    timeval wait{.tv_sec = kSecondsMax, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send_all(std::string_view octets) {
    while (!octets.empty()) {
      ssize_t sent = send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent <= 0) die("the server has ended the connection");
      octets.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // The line that begins with `start`; those before it are passed over.
  std::string line_of(std::string_view start) {
    for (;;) {
      std::size_t end = in_.find("\r\n");
      if (end != std::string::npos) {
        std::string line = in_.substr(0, end);
        in_.erase(0, end + 2);
        if (line.starts_with(start)) return line;
        continue;
      }
      char octets[4096];
      ssize_t got = recv(socket_, octets, sizeof octets, 0);
      if (got <= 0) die("no answer");
      in_.append(octets, static_cast<std::size_t>(got));
    }
  }

 private:
  int socket_;
  std::string in_;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// APPEND with the message behind it; what SMTP adds (dots, the end) is taken out again.
std::string command_of(const Letters& letters, std::size_t number, const std::string& mailbox) {
  std::string text;
  letters.append(text, number);
  text.resize(text.size() - 3);  // ".\r\n"
  for (std::size_t at = 0; (at = text.find("\r\n..", at)) != std::string::npos; at += 3)
    text.erase(at + 2, 1);
  return "a" + std::to_string(number) + " APPEND " + mailbox + " {" + std::to_string(text.size()) +
         "+}\r\n" + text + "\r\n";
}

void run(const Options& options) {
  std::string password;
  std::getline(std::cin, password);
  Connection imap(options.port);
  imap.line_of("* ");
  imap.send_all("l LOGIN \"" + options.user + "\" \"" + password + "\"\r\n");
  if (!imap.line_of("l ").starts_with("l OK")) die("the login was refused");
  imap.send_all("c CREATE " + options.mailbox + "\r\n");
  imap.line_of("c ");

  const Letters letters(options.size, static_cast<std::uint64_t>(getpid()));
  std::vector<double> times;
  times.reserve(options.messages);
  double seconds = 0;
  const double cpu = cpu_seconds();
  for (std::size_t i = 0; i < options.messages; ++i) {
    const std::string command = command_of(letters, i, options.mailbox);
    const std::string tag = "a" + std::to_string(i) + " ";
    const auto began = Clock::now();
    imap.send_all(command);
    const std::string answer = imap.line_of(tag);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
    seconds += times.back() / 1000;
    if (!answer.starts_with(tag + "OK")) die(answer);
  }
  std::ranges::sort(times);
  std::printf(
      "{\"messages\": %zu, \"per_second\": %.1f, \"p50_ms\": %.4f, \"load_cpu_ms\": %.4f}\n",
      options.messages, double(options.messages) / seconds, times[times.size() / 2],
      1000 * (cpu_seconds() - cpu) / double(options.messages));
  imap.send_all("q LOGOUT\r\n");
}

}  // namespace
}  // namespace posta::bench

int main(int argc, char** argv) {
  posta::bench::run(posta::bench::read_options(argc, argv));
}
