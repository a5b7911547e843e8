// The stress client in the simulated house: 10 seeds, or POSTA_IMAP_SEEDS of them, or
// POSTA_IMAP_SEED alone. In every third world the power goes once.
#include <cstdlib>

#include <gtest/gtest.h>

#include "base/text.h"
#include "imap/stress.h"
#include "world/world.h"

namespace posta::imap {
namespace {

using world::World;

class SimVenue final : public Venue {
 public:
  explicit SimVenue(World& world) : world_(world) {}
  Task<Result<std::unique_ptr<net::Transport>>> dial_imap() override {
    co_return co_await world_.dial(*net::IpAddress::parse("127.0.0.1"), world_.imap_endpoint());
  }
  Task<Result<std::unique_ptr<net::Transport>>> dial_smtp() override {
    co_return co_await world_.dial(*net::IpAddress::parse("192.0.2.7"), world_.smtp_endpoint());
  }
  std::string user() const override { return "ann@example.org"; }
  std::string password() const override { return std::string(world::kPassword); }

 private:
  World& world_;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? to_number<std::uint64_t>(text).value_or(otherwise) : otherwise;
}

std::unique_ptr<World> world_of(std::uint64_t seed) {
  world::Config config;
  config.seed = seed;
  config.passwords = true;
  config.store.slow_reads = seed % 2 ? 20 : 0;
  config.store.sync_delay_max = std::chrono::milliseconds(seed % 5 == 2 ? 50 : 5);
  return std::make_unique<World>(std::move(config));
}

TEST(ImapStress, EverySessionIsToldTheTruth) {
  const std::uint64_t first = from_environment("POSTA_IMAP_SEED", 0);
  const std::uint64_t last = first ? first : from_environment("POSTA_IMAP_SEEDS", 10);
  std::map<std::string, unsigned> story;
  for (std::uint64_t seed = first ? first : 1; seed <= last; ++seed) {
    auto world = world_of(seed);
    SimVenue venue(*world);
    Stress stress(world->executor(), venue,
                  {.seed = seed,
                   .players = static_cast<unsigned>(2 + seed % 7),
                   .senders = 1,
                   .duration = std::chrono::seconds(10)});
    world->run(stress.run());
    if (seed % 3 == 0) {
      world->power_cut();
      world->start();
      world->run(stress.run());
      ++story["power cuts"];
    }
    for (const std::string& complaint : stress.truth().complaints())
      ADD_FAILURE() << "seed " << seed << " (POSTA_IMAP_SEED=" << seed << "): " << complaint;
    for (const auto& [what, times] : stress.story().told) story[what] += times;
  }
  if (std::getenv("POSTA_SIM_STORY"))
    for (const auto& [what, times] : story) fmt::print("{:8} {}\n", times, what);
  if (first) return;
  // All of it happened: a law that nothing touches proves nothing.
  for (const char* what :
       {"sessions", "mailboxes opened", "messages appended", "messages copied", "messages moved",
        "messages read", "stores", "conditional stores that failed", "expunges that took something",
        "news while idle", "pipelines", "letters accepted", "views compared", "power cuts"})
    EXPECT_GT(story[what], 0u) << what;
}

}  // namespace
}  // namespace posta::imap
