// smtp_sink.cc: takes mail by SMTP and throws it away: what relays are measured against.
//
//   smtp_sink --arrivals FILE
//
// Listens on a free port of 127.0.0.1, prints it, and serves until it is killed. One thread, one
// epoll, PIPELINING and 8BITMIME. For each message FILE gets 16 octets: the number in its
// Message-ID (letters.h), and the nanoseconds of the monotonic clock when its final dot was read.
// Nothing is on stable storage when it says 250: the relay's work is measured, not the sink's.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace posta::bench {
namespace {

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "smtp_sink: %s\n", what.c_str());
  std::exit(1);
}

struct Connection {
  int socket = -1;
  std::string in;
  std::string out;
  bool data = false;
  std::uint64_t number = 0;
  bool over = false;
};

class Sink {
 public:
  explicit Sink(const char* arrivals) : arrivals_(std::fopen(arrivals, "wb")) {
    if (!arrivals_) die(std::string("cannot write ") + arrivals);
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof here;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&here), sizeof here) != 0 ||
        listen(listener_, 1024) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &length) != 0)
      die("cannot listen");
    watch(listener_, nullptr);
    std::printf("%d\n", ntohs(here.sin_port));
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    for (;;) {
      epoll_event events[256];
      int count = epoll_wait(epoll_, events, std::size(events), -1);
      for (int i = 0; i < count; ++i) {
        if (!events[i].data.ptr) {
          take();
          continue;
        }
        serve(static_cast<Connection*>(events[i].data.ptr));
      }
      std::fflush(arrivals_);
    }
  }

 private:
  void watch(int socket, void* what) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = what;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) die("epoll_ctl failed");
  }

  void take() {
    for (int socket; (socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      int one = 1;
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      auto connection = std::make_unique<Connection>();
      connection->socket = socket;
      connection->out = "220 sink.example.net ESMTP\r\n";
      flush(*connection);
      watch(socket, connection.release());
    }
  }

  // Replies are short and the sockets block: what is written goes.
  void flush(Connection& c) {
    for (std::string_view rest = c.out; !rest.empty();) {
      ssize_t count = send(c.socket, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (count <= 0) break;
      rest.remove_prefix(std::size_t(count));
    }
    c.out.clear();
  }

  void serve(Connection* c) {
    char octets[65536];
    ssize_t count = recv(c->socket, octets, sizeof octets, 0);
    if (count > 0) {
      c->in.append(octets, std::size_t(count));
      std::size_t taken = 0;
      for (std::size_t end; (end = c->in.find('\n', taken)) != std::string::npos;) {
        line(*c, std::string_view(c->in).substr(taken, end - taken));
        taken = end + 1;
      }
      c->in.erase(0, taken);
      flush(*c);
    }
    if (count > 0 && !c->over) return;
    close(c->socket);
    delete c;
  }

  void line(Connection& c, std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (c.data) {
      constexpr std::string_view kId = "Message-ID: <";
      if (text.starts_with(kId)) {
        std::size_t dot = text.find('.');
        if (dot != text.npos)
          c.number = std::strtoull(std::string(text.substr(dot + 1)).c_str(), nullptr, 10);
      }
      if (text != ".") return;
      c.data = false;
      std::uint64_t record[2] = {
          c.number, std::uint64_t(std::chrono::steady_clock::now().time_since_epoch().count())};
      std::fwrite(record, sizeof record, 1, arrivals_);
      c.out += "250 2.0.0 taken\r\n";
    } else if (text.starts_with("DATA")) {
      c.data = true;
      c.out += "354 go on\r\n";
    } else if (text.starts_with("EHLO")) {
      c.out +=
          "250-sink.example.net\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
          "250 ENHANCEDSTATUSCODES\r\n";
    } else if (text.starts_with("QUIT")) {
      c.out += "221 2.0.0 bye\r\n";
      c.over = true;
    } else {
      c.out += "250 2.0.0 ok\r\n";
    }
  }

  std::FILE* arrivals_;
  int epoll_ = -1;
  int listener_ = -1;
};

}  // namespace
}  // namespace posta::bench

int main(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], "--arrivals") != 0) {
    std::fprintf(stderr, "usage: smtp_sink --arrivals FILE\n");
    return 64;
  }
  posta::bench::Sink(argv[2]).run();
}
