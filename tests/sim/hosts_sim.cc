#include "sim/hosts_sim.h"

#include <fmt/format.h>

#include "base/text.h"
#include "runtime/sleep.h"

namespace posta::sim {

namespace {

using net::sim::Peer;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kNorth = "198.51.100.1";
constexpr const char* kSouth = "198.51.100.2";

// Local parts, the same at both hosts, and where they lead.
struct Way {
  const char* local;
  bool home;    // a copy stays
  bool abroad;  // a copy goes to the other host
  bool fails;   // a report comes back
};
constexpr Way kWays[] = {
    {"ann", true, false, false},     {"over", false, true, false},
    {"both", true, true, false},     {"nobody", false, false, true},
    {"nowhere", false, false, true}, {"nomail", false, false, true},
    {"down", false, false, true},    {"down-and-over", false, true, true},
};
constexpr int kSlices = 20;

net::IpAddress ip(std::string_view text) {
  return *net::IpAddress::parse(text);
}

Task<Result<std::string>> reply(Peer& peer) {
  for (;;) {
    CO_TRY(std::string line, co_await peer.line());
    if (line.size() < 4 || line[3] == ' ') co_return line;
  }
}

Task<Result<std::string>> ask(Peer& peer, std::string line) {
  CO_TRY_VOID(co_await peer.say(line + "\r\n"));
  co_return co_await reply(peer);
}

}  // namespace

world::Config HostsSim::world_config(Side side) const {
  const bool north = side == Side::north;
  const std::string here = north ? "north.example" : "south.example";
  const std::string there = north ? "south.example" : "north.example";
  world::Config config;
  config.seed = plan_.seed * 2 + (north ? 0 : 1);
  config.host = "mx." + here;
  config.address = north ? kNorth : kSouth;
  config.domains = {here};
  config.accounts = {{"ann@" + here, {}, true}, {"guest@" + here, {}, true}};
  config.aliases = {{"over@" + here, {"guest@" + there}},
                    {"both@" + here, {"ann@" + here, "guest@" + there}},
                    {"nobody@" + here, {"missing@" + there}},
                    {"nowhere@" + here, {"x@nowhere.example"}},
                    {"nomail@" + here, {"x@null.example"}},
                    {"down@" + here, {"x@down.example"}},
                    {"down-and-over@" + here, {"x@down.example", "guest@" + there}}};
  config.queue.life_max = hours(48);
  config.queue.retry_max = seconds(1800);
  if (plan_.seed % 3 == 0) config.queue.inline_recipients_max = 0;
  return config;
}

HostsSim::HostsSim(Plan plan) : plan_(plan), random_(plan.seed * 0x9E3779B97F4A7C15ull) {
  world::Config ground;
  ground.seed = plan.seed;
  ground_ = std::make_unique<world::Ground>(ground);
  for (const char* record :
       {"north.example MX 10 mx.north.example", "south.example MX 10 mx.south.example",
        "south.example MX 20 mx2.south.example", "mx.north.example A 198.51.100.1",
        "mx.south.example A 198.51.100.2", "mx2.south.example A 198.51.100.2",
        "down.example MX 10 mx.down.example", "mx.down.example A 198.51.100.9",
        "null.example MX 0 ."})
    ground_->resolver.add(record);
  north_ = std::make_unique<World>(world_config(Side::north), *ground_);
  south_ = std::make_unique<World>(world_config(Side::south), *ground_);
  at_work_ = std::make_unique<runtime::Nursery>(ground_->executor);
}

HostsSim::~HostsSim() = default;

// --- senders

Task<Result<>> HostsSim::session(Side side) {
  CO_TRY(auto peer,
         co_await Peer::dial(ground_->network.host(ip("192.0.2.77")), world(side).smtp_endpoint()));
  const std::string here = side == Side::north ? "north.example" : "south.example";
  CO_TRY_VOID(co_await reply(*peer));
  CO_TRY_VOID(co_await ask(*peer, "EHLO client.example"));
  for (std::uint64_t left = 1 + random_.below(3); left > 0; --left) {
    const std::size_t number = letters_.size();
    const Way& way = kWays[random_.below(std::size(kWays))];
    letters_.push_back({side, way.local, false, {}});
    CO_TRY_VOID(co_await ask(*peer, "MAIL FROM:<ann@" + here + ">"));
    CO_TRY(std::string to, co_await ask(*peer, fmt::format("RCPT TO:<{}@{}>", way.local, here)));
    if (!to.starts_with("250")) {
      CO_TRY_VOID(co_await ask(*peer, "RSET"));
      continue;
    }
    CO_TRY_VOID(co_await ask(*peer, "DATA"));
    CO_TRY(std::string done,
           co_await ask(*peer, fmt::format("Subject: hosts-{}.\r\n\r\nbody\r\n.", number)));
    if (!done.starts_with("250")) continue;
    letters_[number].accepted = true;
    letters_[number].queue_id = done.substr(done.rfind(' ') + 1);
    ++story_["letters accepted"];
  }
  co_return Result<>();
}

Task<> HostsSim::send_letters(Side side, Stop& stop) {
  while (!stop.requested()) {
    if (!co_await session(side)) ++story_["sender sessions broken"];
    co_await runtime::sleep_for(milliseconds(random_.below(4'000)), &stop);
  }
}

// --- disasters

void HostsSim::end_faults() {
  auto& network = ground_->network.settings();
  network.resets_per_million = network.black_holes_per_million = network.refused_percent = 0;
  ground_->network.heal(ip(kNorth));
  ground_->network.heal(ip(kSouth));
  ground_->resolver.settings().failures_percent = 0;
  ground_->resolver.mend("north.example");
  ground_->resolver.mend("mx.south.example");
}

void HostsSim::round() {
  for (int slice = 0; slice < kSlices; ++slice) {
    ground_->executor.run_for(milliseconds(random_.below(4'000)));
    if (!plan_.faults) continue;
    if (random_.chance(25)) end_faults();
    if (!random_.chance(30)) continue;
    ++story_["faults"];
    switch (random_.below(7)) {
      case 0: ground_->network.settings().resets_per_million = 20'000; break;
      case 1: ground_->network.settings().black_holes_per_million = 3'000; break;
      case 2: ground_->network.settings().refused_percent = 50; break;
      case 3: ground_->network.isolate(ip(random_.chance(50) ? kNorth : kSouth)); break;
      case 4: ground_->resolver.settings().failures_percent = 60; break;
      case 5: ground_->resolver.fail("north.example"); break;
      default: ground_->resolver.fail("mx.south.example"); break;
    }
  }
  if (!plan_.faults) return;
  World& unlucky = world(random_.chance(50) ? Side::north : Side::south);
  if (random_.chance(70)) {
    ++story_["power cuts"];
    unlucky.power_cut();
  } else {
    ++story_["graceful ends"];
    unlucky.shut_down(seconds(random_.below(20)));
  }
  // The other one meets a host that is down.
  ground_->executor.run_for(seconds(random_.below(200)));
  unlucky.start();
}

void HostsSim::settle() {
  end_faults();
  at_work_->stop().request();
  for (int i = 0; i < 600 && at_work_->size() > 0; ++i) ground_->executor.run_for(seconds(10));
  CHECK(at_work_->size() == 0);
  // As long as a letter lives, and its report after it.
  for (Duration waited{}; waited < hours(24 * 8); waited += hours(1)) {
    if (north_->letters_owed() + south_->letters_owed() == 0) break;
    ground_->executor.run_for(hours(1));
  }
  look(/*settled=*/true);
}

void HostsSim::run() {
  for (Side side : {Side::north, Side::south})
    for (int i = 0; i < 2; ++i) at_work_->spawn(send_letters(side, at_work_->stop()));
  for (unsigned i = 0; i < plan_.rounds; ++i) {
    round();
    look(/*settled=*/false);
  }
  settle();
}

// --- the laws

void HostsSim::promise_nothing() {
  letters_.push_back({Side::north, "ann", true, "NEVERWASTHERE"});
}

Task<> HostsSim::read(Side side, std::vector<Found>& found) {
  const std::string here = side == Side::north ? "north.example" : "south.example";
  for (const char* local : {"ann", "guest"}) {
    auto inbox = co_await world(side).inbox(std::string(local) + "@" + here);
    if (!inbox) {
      complain(std::string(local) + " cannot be read: " + inbox.error().what);
      continue;
    }
    for (const std::string& message : *inbox) {
      std::size_t at = message.find("Subject: hosts-");
      if (at == std::string::npos) {
        complain("a message that nobody sent: " + message.substr(0, 300));
        continue;
      }
      at += 15;
      auto number =
          to_number<std::size_t>(std::string_view(message).substr(at, message.find('.', at) - at));
      if (!number || *number >= found.size()) {
        complain("a message of an unknown number");
        continue;
      }
      Found& one = found[*number];
      if (message.find("multipart/report") != std::string::npos) {
        bool late = message.find("Action: delayed") != std::string::npos;
        ++(late ? one.notices : one.reports);
        if (side != letters_[*number].from) complain("a report at the wrong host");
      } else if (!message.ends_with(fmt::format("Subject: hosts-{}.\r\n\r\nbody\r\n", *number))) {
        complain(fmt::format("letter {} is not what was sent", *number));
      } else {
        ++(side == letters_[*number].from ? one.at_home : one.abroad);
      }
    }
  }
}

void HostsSim::judge(std::size_t number, const Found& found, bool settled) {
  const Letter& letter = letters_[number];
  if (!letter.accepted) return;
  const Way& way = *std::ranges::find(kWays, letter.to, &Way::local);
  auto wrong = [&](std::string_view what) {
    complain(fmt::format("letter {} ({}) to {}: {}", number, letter.queue_id, letter.to, what));
  };
  if (found.at_home > (way.home ? 1u : 0u)) wrong("too many copies at home");
  if (!way.abroad && found.abroad > 0) wrong("a copy abroad");
  if (found.reports > 1) wrong("more than one report");
  if (found.notices > 1) wrong("told of its delay twice");
  if (!way.fails && found.reports > 0) wrong("reported, and nothing is wrong with it");
  if (found.owed) {
    if (settled) wrong("still owed");
    return;
  }
  if (way.home && found.at_home == 0) wrong("accepted, and not at home");
  if (way.abroad && found.abroad == 0) wrong("accepted, and not abroad");
  if (way.fails && found.reports == 0) wrong("accepted, failed, and not reported");
  if (found.abroad > 1) ++story_["copies sent again"];
  if (found.abroad > 0) ++story_["letters that crossed"];
  if (found.reports > 0) ++story_["reports"];
}

void HostsSim::look(bool settled) {
  std::vector<Found> found(letters_.size());
  // What is owed, reports to come included, is read first: what settles meanwhile is seen twice.
  auto read_all = [this, &found]() -> Task<> {
    for (Side side : {Side::north, Side::south}) {
      for (QueueId after;;) {
        auto letters = co_await world(side).house().queue.list(after, 100);
        CHECK(letters);
        for (const auto& letter : *letters) {
          auto text = co_await world(side).house().store->read_body(letter.message.body, 0,
                                                                    letter.message.body.size);
          CHECK(text);
          std::size_t at = text->find("Subject: hosts-");
          if (at == std::string::npos) continue;
          at += 15;
          auto number =
              to_number<std::size_t>(std::string_view(*text).substr(at, text->find('.', at) - at));
          if (number && *number < found.size()) found[*number].owed = true;
        }
        if (letters->size() < 100) break;
        after = letters->back().letter.id;
      }
    }
    for (Side side : {Side::north, Side::south}) co_await read(side, found);
  };
  ground_->executor.run_task(read_all());
  for (std::size_t i = 0; i < letters_.size() && i < found.size(); ++i) judge(i, found[i], settled);
  if (settled && north_->letters_owed() + south_->letters_owed() > 0)
    complain("the queues have not drained");
}

}  // namespace posta::sim
