// smtp_load.cc: sends messages over kept SMTP or LMTP connections as fast as the server takes them.
//
//   smtp_load --port N [--host 127.0.0.1] [--connections 16] [--messages 1000] [--size 4096]
//             [--accounts 20] [--domain example.org] [--lmtp] [--no-pipelining] [--times FILE]
//
// One thread, one epoll. Message i goes to user<i mod accounts>@domain (user0, user1, …). Each
// connection has one transaction at a time:
//
//   connect -> greeting -> EHLO -> ready --> MAIL RCPT DATA -> text -> (250) --> ready … QUIT
//                                    ^------------------------------------'
//
// MAIL, RCPT and DATA go in one write (RFC 2920 §3.1) unless --no-pipelining. The clock runs from
// the moment when all connections have said EHLO to the last reply. A connection that the server
// ends between letters (421) is opened again, and the letter that was not taken is sent again.
// Prints one line of JSON; the exit code is 0 if every message was answered. --times: FILE gets,
// for each message in order, the nanoseconds of the monotonic clock at its MAIL (64 bits each).

#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string_view>

#include "letters.h"

namespace posta::bench {
namespace {

constexpr int kSilenceMax = 120'000;           // milliseconds without an answer from anybody
constexpr std::size_t kReconnectsMax = 20000;  // of all connections
constexpr std::size_t kLineOctetsMax = 4096;   // of a reply

using Clock = std::chrono::steady_clock;

struct Options {
  std::string host = "127.0.0.1";
  std::string domain = "example.org";
  std::uint16_t port = 0;
  std::size_t connections = 16;
  std::size_t messages = 1000;
  std::size_t size = 4096;
  std::size_t accounts = 20;
  bool lmtp = false;
  bool pipelining = true;
  std::string times;  // a file; empty: none
};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "smtp_load: %s\n", what.c_str());
  std::exit(1);
}

enum class Stage { greeting, ehlo, ready, mail, rcpt, data, text, quit, over };

struct Connection {
  int socket = -1;
  Stage stage = Stage::greeting;
  std::string in;   // the line that is not whole yet
  std::string out;  // what is to be written, from `written` on
  std::size_t written = 0;
  bool wants_out = false;  // registered for EPOLLOUT
  bool refused = false;    // MAIL or RCPT of this transaction were
  std::uint64_t letter = 0;
  Clock::time_point began;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        letters_(options.size, std::uint64_t(Clock::now().time_since_epoch().count())),
        connections_(options.connections) {
    latencies_.reserve(options.messages);
    if (!options.times.empty()) began_.resize(options.messages);
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) die("epoll_create1 failed");
  }

  int run() {
    for (auto& connection : connections_) open(connection);
    while (over_ < connections_.size()) turn();
    return report();
  }

 private:
  void open(Connection& c) {
    c = Connection{};
    c.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c.socket < 0) die("socket: " + std::string(strerror(errno)));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options_.port);
    if (inet_pton(AF_INET, options_.host.c_str(), &to.sin_addr) != 1)
      die("not an IPv4 address: " + options_.host);
    if (connect(c.socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      die("connect: " + std::string(strerror(errno)));
    int one = 1;
    setsockopt(c.socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c.socket, F_SETFL, O_NONBLOCK);
    control(EPOLL_CTL_ADD, c, EPOLLIN);
  }

  void control(int operation, Connection& c, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &c;
    if (epoll_ctl(epoll_, operation, c.socket, &event) != 0) die("epoll_ctl failed");
  }

  void turn() {
    epoll_event events[256];
    int count = epoll_wait(epoll_, events, std::size(events), kSilenceMax);
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) die("the server says nothing any more");
    for (int i = 0; i < count; ++i) {
      Connection& c = *static_cast<Connection*>(events[i].data.ptr);
      if (events[i].events & EPOLLOUT) write_out(c);
      if (events[i].events & ~std::uint32_t(EPOLLOUT)) read_in(c);
    }
  }

  void read_in(Connection& c) {
    char octets[16384];
    ssize_t count = recv(c.socket, octets, sizeof octets, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return lost(c);
    std::string_view rest(octets, std::size_t(count));
    const int socket = c.socket;
    for (std::size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
      std::string_view line = rest.substr(0, end);
      if (!c.in.empty()) line = c.in.append(line);
      // "250-…" is followed by more lines of the same reply.
      if (line.size() >= 3 && !(line.size() > 3 && line[3] == '-')) reply(c, line);
      if (c.socket != socket || c.stage == Stage::over) return;
      c.in.clear();
    }
    c.in.append(rest);
    if (c.in.size() > kLineOctetsMax) die("a reply without end");
    write_out(c);
  }

  void write_out(Connection& c) {
    while (c.written < c.out.size()) {
      ssize_t count =
          send(c.socket, c.out.data() + c.written, c.out.size() - c.written, MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) {
        if (!c.wants_out) control(EPOLL_CTL_MOD, c, EPOLLIN | EPOLLOUT);
        c.wants_out = true;
        return;
      }
      if (count < 0) return;  // the end is read soon
      c.written += std::size_t(count);
    }
    c.out.clear();
    c.written = 0;
    if (c.wants_out) control(EPOLL_CTL_MOD, c, EPOLLIN);
    c.wants_out = false;
  }

  void reply(Connection& c, std::string_view line) {
    const bool good = line[0] == '2' || line[0] == '3';
    if (line.starts_with("421")) return lost(c);
    switch (c.stage) {
      case Stage::greeting:
        if (!good) die("greeting: " + std::string(line));
        c.out += options_.lmtp ? "LHLO load.example.net\r\n" : "EHLO load.example.net\r\n";
        c.stage = Stage::ehlo;
        return;
      case Stage::ehlo:
        if (!good) die("EHLO: " + std::string(line));
        c.stage = Stage::ready;
        if (started_) return next(c);
        if (++ready_ == connections_.size()) start();
        return;
      case Stage::mail:
        c.refused |= !good;
        c.stage = Stage::rcpt;
        if (!good) note(line);
        if (!options_.pipelining) put_rcpt(c);
        return;
      case Stage::rcpt:
        c.refused |= !good;
        c.stage = Stage::data;
        if (!good) note(line);
        if (!options_.pipelining) c.out += "DATA\r\n";
        return;
      case Stage::data:
        if (line[0] == '3' && c.refused) {
          c.out += ".\r\n";  // RFC 2920 §3.1: DATA was taken though no recipient was
        } else if (line[0] == '3') {
          letters_.append(c.out, c.letter);
        } else {
          note(line);
          return answered(c, false);
        }
        c.stage = Stage::text;
        return;
      case Stage::text:
        if (!good && !c.refused) note(line);
        return answered(c, good && !c.refused);
      case Stage::quit: return close_for_good(c);
      case Stage::ready:
      case Stage::over: return;
    }
  }

  void start() {
    started_ = true;
    cpu_start_ = cpu_seconds();
    start_ = end_ = Clock::now();
    for (auto& c : connections_) {
      next(c);
      write_out(c);
    }
  }

  void next(Connection& c) {
    if (!again_.empty()) {
      c.letter = again_.front();
      again_.pop_front();
    } else if (given_ < options_.messages) {
      c.letter = given_++;
    } else {
      c.out += "QUIT\r\n";
      c.stage = Stage::quit;
      return;
    }
    c.refused = false;
    c.began = Clock::now();
    if (!began_.empty()) began_[c.letter] = c.began.time_since_epoch().count();
    c.stage = Stage::mail;
    c.out += "MAIL FROM:<bob@example.net>\r\n";
    if (!options_.pipelining) return;
    put_rcpt(c);
    c.out += "DATA\r\n";
  }

  void put_rcpt(Connection& c) {
    c.out += "RCPT TO:<user" + std::to_string(c.letter % options_.accounts) + "@" +
             options_.domain + ">\r\n";
  }

  void answered(Connection& c, bool accepted) {
    end_ = Clock::now();
    if (accepted) {
      ++accepted_;
      latencies_.push_back(std::chrono::duration<float, std::milli>(end_ - c.began).count());
    } else {
      ++refused_;
    }
    next(c);
  }

  // The server ended the connection, or said 421.
  void lost(Connection& c) {
    const Stage stage = c.stage;
    close(c.socket);
    if (stage == Stage::greeting || stage == Stage::ehlo) die("the server turns us away");
    if (stage == Stage::quit) {
      c.socket = -1;
      return finish(c);
    }
    if (stage == Stage::text) {
      ++refused_;  // perhaps taken, perhaps not: sending it again could make two of it
      note("connection lost after the text");
    } else if (stage != Stage::ready) {
      again_.push_back(c.letter);
    }
    if (++reconnects_ > kReconnectsMax) die("the server ends too many connections");
    open(c);
  }

  void close_for_good(Connection& c) {
    close(c.socket);
    finish(c);
  }

  void finish(Connection& c) {
    c.stage = Stage::over;
    ++over_;
  }

  // The first refusal is told; the others are counted.
  void note(std::string_view line) {
    if (refusals_++ == 0) std::fprintf(stderr, "smtp_load: %.*s\n", int(line.size()), line.data());
  }

  double percentile(double part) {
    if (latencies_.empty()) return 0;
    auto at = latencies_.begin() + std::ptrdiff_t(double(latencies_.size() - 1) * part);
    std::nth_element(latencies_.begin(), at, latencies_.end());
    return double(*at);
  }

  void write_times() {
    if (began_.empty()) return;
    std::FILE* file = std::fopen(options_.times.c_str(), "wb");
    if (!file || std::fwrite(began_.data(), sizeof began_[0], began_.size(), file) != began_.size())
      die("cannot write " + options_.times);
    std::fclose(file);
  }

  int report() {
    write_times();
    double seconds = std::chrono::duration<double>(end_ - start_).count();
    std::printf(
        "{\"accepted\": %zu, \"refused\": %zu, \"seconds\": %.6f, \"per_second\": %.1f, "
        "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"reconnects\": %zu, \"load_cpu_seconds\": "
        "%.3f}\n",
        accepted_, refused_, seconds, seconds > 0 ? double(accepted_) / seconds : 0.0,
        percentile(0.5), percentile(0.99), reconnects_, cpu_seconds() - cpu_start_);
    return accepted_ + refused_ == options_.messages ? 0 : 1;
  }

  const Options options_;
  const Letters letters_;
  std::vector<Connection> connections_;
  std::deque<std::uint64_t> again_;  // letters whose connection was lost before the text
  std::vector<float> latencies_;     // milliseconds
  std::vector<std::int64_t> began_;  // by letter; empty: nobody wants to know
  int epoll_ = -1;
  bool started_ = false;
  double cpu_start_ = 0;  // seconds used before the first letter
  std::size_t ready_ = 0, over_ = 0;
  std::uint64_t given_ = 0;
  std::size_t accepted_ = 0, refused_ = 0, refusals_ = 0, reconnects_ = 0;
  Clock::time_point start_, end_;
};

std::size_t number(const char* text) {
  char* end = nullptr;
  errno = 0;
  unsigned long long value = std::strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0') die("not a number: " + std::string(text));
  return value;
}

Options parse(int argc, char** argv) {
  static constexpr option kOptions[] = {{"host", required_argument, nullptr, 'h'},
                                        {"port", required_argument, nullptr, 'p'},
                                        {"connections", required_argument, nullptr, 'c'},
                                        {"messages", required_argument, nullptr, 'm'},
                                        {"size", required_argument, nullptr, 's'},
                                        {"accounts", required_argument, nullptr, 'a'},
                                        {"domain", required_argument, nullptr, 'd'},
                                        {"lmtp", no_argument, nullptr, 'l'},
                                        {"no-pipelining", no_argument, nullptr, 'n'},
                                        {"times", required_argument, nullptr, 't'},
                                        {}};
  Options out;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (c) {
      case 'h': out.host = optarg; break;
      case 'p': out.port = static_cast<std::uint16_t>(number(optarg)); break;
      case 'c': out.connections = number(optarg); break;
      case 'm': out.messages = number(optarg); break;
      case 's': out.size = number(optarg); break;
      case 'a': out.accounts = number(optarg); break;
      case 'd': out.domain = optarg; break;
      case 'l': out.lmtp = true; break;
      case 'n': out.pipelining = false; break;
      case 't': out.times = optarg; break;
      default: std::exit(64);
    }
  }
  if (optind != argc) die("unknown argument " + std::string(argv[optind]));
  if (out.port == 0) die("--port is missing");
  if (out.connections == 0 || out.messages == 0 || out.accounts == 0) die("nothing to do");
  return out;
}

}  // namespace
}  // namespace posta::bench

int main(int argc, char** argv) {
  return posta::bench::Load(posta::bench::parse(argc, argv)).run();
}
