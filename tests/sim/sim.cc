#include "sim/sim.h"

namespace posta::sim {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kSlices = 24;  // of a round; between two the world may change
constexpr unsigned kSenders = 3;
constexpr unsigned kReaders = 2;
constexpr unsigned kImapReaders = 3;
constexpr hours kDrainMax{24};  // of virtual time, until nothing is owed

}  // namespace

world::Config Sim::world_config() {
  world::Config config;
  config.seed = plan_.seed;
  config.passwords = true;
  config.tls = true;
  config.accounts = {{"ann@example.org", {}, true},
                     {"bob@example.org", {}, true},
                     {"carl@example.org", {.octets = 0, .messages = 6}, true},
                     {"dora@example.org", {}, true}};
  config.aliases = {{"staff@example.org", {"ann@example.org", "bob@example.org"}},
                    {"crew@example.org", {"bob@example.org", "carl@example.org"}}};
  // In some worlds nearly everything is owed first.
  if (plan_.seed % 3 == 0) config.queue.inline_recipients_max = plan_.seed % 2;
  config.store.slow_reads = plan_.seed % 4 == 1 ? 50 : 10;
  config.store.sync_delay_max = milliseconds(plan_.seed % 5 == 2 ? 200 : 5);
  // In the real world the process ends there and then: nobody says anything any more.
  config.store.fatal = [this](const Error&) {
    broken_ = true;
    world_->network().crash(world_->smtp_endpoint().ip);
  };
  return config;
}

Sim::Sim(Plan plan)
    : plan_(plan),
      random_(plan.seed * 0x9E3779B97F4A7C15ull),
      world_(std::make_unique<World>(world_config())),
      wire_(world_->network(), ledger_, *net::IpAddress::parse(kStranger)),
      users_(std::make_unique<Workloads>(*world_, ledger_, random_)),
      checkers_(std::make_unique<Checkers>(*world_, ledger_)),
      at_work_(std::make_unique<runtime::Nursery>(world_->executor())) {
  for (const char* account : kAccounts) ledger_.passwords[account].emplace_back(world::kPassword);
  world_->run(checkers_->begin());
  world_->disk().lie_about_syncs(plan_.disk_lies);
}

void Sim::look(bool settled) {
  world_->run(checkers_->look(settled));
}

void Sim::begin(Fault fault) {
  net::sim::Settings& network = world_->network().settings();
  switch (fault) {
    case Fault::resets: network.resets_per_million = 20'000; break;
    case Fault::black_holes: network.black_holes_per_million = 3'000; break;
    case Fault::isolation: world_->network().isolate(*net::IpAddress::parse("192.0.2.1")); break;
    case Fault::disk_full: world_->disk().set_free(0); break;
    case Fault::disk_low: world_->disk().set_free(1_MiB); break;
    case Fault::operation: world_->disk().fail_operation(1 + random_.below(60)); break;
    case Fault::clock: {
      auto jump = minutes(random_.below(20 * 24 * 60)) - hours(10 * 24);
      world_->executor().jump_wall_clock(std::chrono::duration_cast<milliseconds>(jump));
      break;
    }
    case Fault::none: return;
  }
  told("faults");
}

void Sim::end_faults() {
  net::sim::Settings& network = world_->network().settings();
  network.resets_per_million = network.black_holes_per_million = 0;
  world_->network().heal(*net::IpAddress::parse("192.0.2.1"));
  world_->disk().set_free(std::uint64_t{1} << 40);
  world_->disk().fail_operation(0);
}

void Sim::restart(bool power_cut) {
  end_faults();
  if (power_cut) {
    told("power cuts");
    world_->power_cut();
  } else {
    told("graceful ends");
    world_->shut_down(seconds(random_.below(30)));
  }
  broken_ = false;
  world_->start();
  world_->run(checkers_->begin());
}

void Sim::recover() {
  if (!broken_) return;
  told("processes ended by their store");
  restart(true);
}

// Looks at the sessions on the way: between two waits they hold next to nothing.
void Sim::go(Duration duration) {
  const Instant end = world_->executor().now() + duration;
  for (unsigned steps = 0; world_->executor().now() < end && world_->executor().step(); ++steps)
    if (steps % 64 == 0) checkers_->look_at_sessions();
}

void Sim::round() {
  for (int slice = 0; slice < kSlices; ++slice) {
    go(milliseconds(random_.below(2'000)));
    recover();
    if (random_.chance(15)) world_->house().background.spawn(users_->administer());
    if (!plan_.faults) continue;
    if (random_.chance(25)) begin(static_cast<Fault>(random_.below(8)));
    if (random_.chance(20)) end_faults();
  }
  // Somewhere in the middle of whatever is going on.
  world_->executor().run_for(milliseconds(random_.below(100)));
  for (std::uint64_t steps = random_.below(60); steps > 0; --steps) world_->executor().step();
  if (plan_.faults) restart(broken_ || random_.chance(75));
}

// The faults have stopped and the users go home: whatever is owed finds its way.
void Sim::settle() {
  end_faults();
  at_work_->stop().request();
  for (int i = 0; i < 600 && at_work_->size() > 0; ++i) {
    world_->executor().run_for(seconds(10));
    recover();
  }
  CHECK(at_work_->size() == 0);
  world_->run(users_->make_room());
  for (Duration waited{}; waited < kDrainMax && world_->letters_owed() > 0; waited += minutes(10))
    world_->executor().run_for(minutes(10));
  look(/*settled=*/true);
}

void Sim::run() {
  for (unsigned i = 0; i < kSenders; ++i) at_work_->spawn(users_->send_letters(at_work_->stop()));
  for (unsigned i = 0; i < kReaders; ++i) at_work_->spawn(users_->read_mail(at_work_->stop()));
  for (unsigned i = 0; i < kImapReaders; ++i)
    at_work_->spawn(users_->read_by_imap(at_work_->stop()));
  at_work_->spawn(users_->guess_passwords(at_work_->stop()));
  for (unsigned i = 0; i < plan_.rounds; ++i) {
    round();
    look(/*settled=*/false);
  }
  settle();
}

}  // namespace posta::sim
