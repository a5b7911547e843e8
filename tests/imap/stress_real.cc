// imap_stress: the stress client against a server that listens on this machine.
//
//   imap_stress SMTP IMAP ADDRESS PASSWORD SEED PLAYERS SECONDS
//
// Prints what it did and every complaint. Exit code 1 if there is one. tests/imap/run_real makes
// the server and calls this.
#include <cstdio>

#include "base/text.h"
#include "imap/stress.h"
#include "net/asio/network.h"
#include "runtime/asio/loop.h"

namespace posta::imap {
namespace {

class RealVenue final : public Venue {
 public:
  RealVenue(net::Endpoint smtp, net::Endpoint imap, std::string user, std::string password)
      : smtp_(smtp), imap_(imap), user_(std::move(user)), password_(std::move(password)) {}
  Task<Result<std::unique_ptr<net::Transport>>> dial_imap() override {
    co_return co_await network_.connect(imap_, std::chrono::seconds(10), nullptr);
  }
  Task<Result<std::unique_ptr<net::Transport>>> dial_smtp() override {
    co_return co_await network_.connect(smtp_, std::chrono::seconds(10), nullptr);
  }
  std::string user() const override { return user_; }
  std::string password() const override { return password_; }

 private:
  net::asio::AsioNetwork network_;
  net::Endpoint smtp_, imap_;
  std::string user_, password_;
};

Task<> play(Stress& stress, runtime::asio::Loop& loop) {
  co_await stress.run();
  loop.quit();
}

int main(const std::vector<std::string>& args) {
  auto number = [&](std::size_t i) { return to_number<unsigned>(args[i]).value_or(0); };
  if (args.size() != 7)
    return std::fprintf(stderr, "imap_stress SMTP IMAP ADDRESS PASSWORD SEED PLAYERS SECONDS\n"), 2;
  auto smtp = net::Endpoint::parse(args[0]), imap = net::Endpoint::parse(args[1]);
  if (!smtp || !imap) return std::fprintf(stderr, "not an endpoint\n"), 2;
  runtime::asio::WorkerPool workers({.threads = 1});
  runtime::asio::Loop loop(workers);
  RealVenue venue(*smtp, *imap, args[2], args[3]);
  Stress stress(loop, venue,
                {.seed = number(4),
                 .players = number(5),
                 .senders = 2,
                 .duration = std::chrono::seconds(number(6))});
  {
    runtime::Nursery nursery(loop);
    nursery.spawn(play(stress, loop));
    loop.run();
  }
  for (const auto& [what, times] : stress.story().told)
    std::printf("%8u %s\n", times, what.c_str());
  for (const std::string& complaint : stress.truth().complaints())
    std::printf("seed %s: %s\n", args[4].c_str(), complaint.c_str());
  return stress.truth().complaints().empty() ? 0 : 1;
}

}  // namespace
}  // namespace posta::imap

int main(int argc, char** argv) {
  return posta::imap::main({argv + 1, argv + argc});
}
