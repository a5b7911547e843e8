// net_bench.cc: an echo server on one loop, 1 or 64 clients on loopback, one line at a time, 16, or
// 900 (bulk).
//
// The clients are a plain epoll loop in a thread of their own. `items_per_second` counts lines;
// `server_us` is the CPU time of the server's thread per request (a line, or a pipeline of 16).

#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <thread>

#include "net/asio/network.h"
#include "net/asio/socket.h"
#include "net/stream.h"
#include "runtime/asio/loop.h"
#include "runtime/nursery.h"

namespace posta::net {
namespace {

constexpr std::size_t kLineOctets = 66;
constexpr int kRequestsPerRound = 200;  // of each connection

Task<> echo(Executor& executor, std::unique_ptr<Transport> transport) {
  Stream stream(executor, std::move(transport));
  for (;;) {
    std::size_t end = stream.input().find('\n');
    if (end != std::string_view::npos) {
      stream.put(stream.input().substr(0, end + 1));
      stream.consume(end + 1);
      continue;
    }
    if (!co_await stream.flush() || !co_await stream.fill()) co_return;
  }
}

Task<> accept_all(Executor& executor, Listener& listener, runtime::Nursery& sessions) {
  for (;;) {
    auto transport = co_await listener.accept(&sessions.stop());
    if (!transport) co_return;
    sessions.spawn(echo(executor, std::move(*transport)));
  }
}

class Server {
 public:
  Server() {
    auto listener = network_.listen(loop_, *Endpoint::parse("127.0.0.1:0"));
    CHECK(listener);
    listener_ = std::move(*listener);
    sessions_.spawn(accept_all(loop_, *listener_, sessions_));
    thread_ = std::thread([this] { loop_.run(); });
  }
  // After the clients have gone. Any thread may post, so that is how the loop's own stops it.
  ~Server() {
    runtime::Nursery last(loop_);
    last.spawn(stop());
    thread_.join();
  }
  const Endpoint& endpoint() const { return listener_->local(); }
  double cpu_seconds() {
    clockid_t clock;
    timespec time;
    CHECK(pthread_getcpuclockid(thread_.native_handle(), &clock) == 0);
    CHECK(clock_gettime(clock, &time) == 0);
    return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
  }

 private:
  Task<> stop() {
    sessions_.stop().request();
    co_await sessions_.join();
    loop_.quit();
  }
  runtime::asio::WorkerPool workers_{{.threads = 1}};
  runtime::asio::Loop loop_{workers_};
  asio::AsioNetwork network_;
  runtime::Nursery sessions_{loop_};
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
};

struct Client {
  int fd = -1;
  std::size_t awaited = 0;  // octets of the reply still to come
  int requests = 0;         // still to be sent
};

class Clients {
 public:
  Clients(const Endpoint& server, std::size_t count) : clients_(count), events_(count) {
    epoll_ = epoll_create1(0);
    for (Client& client : clients_) {
      client.fd = socket(AF_INET, SOCK_STREAM, 0);
      asio::SocketAddress address = asio::to_address(server);
      CHECK(connect(client.fd, address.get(), address.length) == 0);
      epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
      CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd, &event) == 0);
    }
  }
  ~Clients() {
    for (Client& client : clients_) close(client.fd);
    close(epoll_);
  }

  void round(std::string_view request) {
    std::size_t busy = clients_.size();
    for (Client& client : clients_) {
      client.requests = kRequestsPerRound;
      send_next(client, request);
    }
    while (busy > 0) {
      int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto& client = *static_cast<Client*>(events_[std::size_t(i)].data.ptr);
        ssize_t got = recv(client.fd, buffer_.data(), buffer_.size(), 0);
        CHECK(got > 0);
        client.awaited -= static_cast<std::size_t>(got);
        if (client.awaited > 0) continue;
        if (client.requests > 0) {
          send_next(client, request);
        } else {
          --busy;
        }
      }
    }
  }

 private:
  static void send_next(Client& client, std::string_view request) {
    --client.requests;
    client.awaited = request.size();
    CHECK(send(client.fd, request.data(), request.size(), 0) == ssize_t(request.size()));
  }
  std::vector<Client> clients_;
  std::vector<epoll_event> events_;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
  int epoll_ = -1;
};

void BM_Echo(benchmark::State& state) {
  Server server;
  auto connections = state.range(0);
  auto lines = static_cast<std::size_t>(state.range(1));
  std::string line(kLineOctets - 1, 'x');
  line += '\n';
  std::string request;
  for (std::size_t i = 0; i < lines; ++i) request += line;
  double cpu = 0;
  std::int64_t requests = 0;
  {
    Clients clients(server.endpoint(), static_cast<std::size_t>(connections));
    clients.round(request);
    double before = server.cpu_seconds();
    for (auto _ : state) {
      clients.round(request);
      requests += connections * kRequestsPerRound;
    }
    cpu = server.cpu_seconds() - before;
  }
  state.SetItemsProcessed(requests * static_cast<std::int64_t>(lines));
  state.counters["server_us"] = 1e6 * cpu / double(requests);
}
BENCHMARK(BM_Echo)
    ->ArgNames({"connections", "lines"})
    ->Args({1, 1})
    ->Args({64, 1})
    ->Args({64, 16})
    ->Args({16, 900})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace posta::net
