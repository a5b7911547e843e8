// The simulator: 20 seeds, or POSTA_SIM_SEEDS of them, or POSTA_SIM_SEED alone.
#include <cstdlib>

#include "base/codec.h"
#include "base/text.h"
#include "sim/sim.h"

namespace posta::sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? to_number<std::uint64_t>(text).value_or(otherwise) : otherwise;
}

bool complains_of(const Ledger& ledger, std::string_view what) {
  return std::ranges::any_of(ledger.complaints, [&](const std::string& complaint) {
    return complaint.find(what) != std::string::npos;
  });
}

// A world in which nothing breaks, with some letters delivered.
Sim quiet_sim() {
  return Sim({.seed = 4, .rounds = 1, .disk_lies = false, .faults = false});
}

TEST(Sim, TheLawsHoldWhateverHappens) {
  std::uint64_t first = from_environment("POSTA_SIM_SEED", 0);
  std::uint64_t last = first ? first : from_environment("POSTA_SIM_SEEDS", 20);
  std::map<std::string, unsigned> story;
  Octets octets = 0;
  for (std::uint64_t seed = first ? first : 1; seed <= last; ++seed) {
    Sim sim({.seed = seed});
    sim.run();
    for (const std::string& complaint : sim.ledger().complaints)
      ADD_FAILURE() << "seed " << seed << " (POSTA_SIM_SEED=" << seed << "): " << complaint;
    for (const auto& [what, times] : sim.ledger().story) story[what] += times;
    octets = std::max(octets, sim.session_octets_seen());
  }
  if (std::getenv("POSTA_SIM_STORY")) {
    for (const auto& [what, times] : story) fmt::print("{:8} {}\n", times, what);
    fmt::print("{:8} octets in the largest session\n", octets);
  }
  if (first) return;
  // All of it happened: a law that nothing touches proves nothing.
  for (const char* what :
       {"letters accepted", "letters refused", "messages retrieved", "sessions with removals",
        "passwords refused", "imap sessions compared", "sessions in TLS", "power cuts",
        "graceful ends", "processes ended by their store", "changes by administrators",
        "sender sessions broken", "faults"})
    EXPECT_GT(story[what], 0u) << what;
}

TEST(Sim, OneSeedTwiceIsOneStory) {
  auto hash_of = [](std::uint64_t seed) {
    Sim sim({.seed = seed, .rounds = 2});
    sim.run();
    return sim.trace_hash();
  };
  std::uint64_t once = hash_of(11);
  EXPECT_EQ(once, hash_of(11));
  EXPECT_NE(once, hash_of(12));
}

// ------------------------------------------------------------------------------------------------
// controls: each checker complains of what it is there for

TEST(Control, ADiskThatLosesSyncedWritesIsNoticed) {
  unsigned noticed = 0;
  for (std::uint64_t seed = 1; seed <= 3 && noticed == 0; ++seed) {
    Sim sim({.seed = seed, .disk_lies = true});
    sim.run();
    noticed += complains_of(sim.ledger(), "accepted, and neither delivered nor owed");
  }
  EXPECT_GT(noticed, 0u);
}

TEST(Control, ALetterThatNobodyStoredIsNoticed) {
  Sim sim = quiet_sim();
  Letter& letter = sim.ledger().new_letter();
  letter.to = {"ann@example.org"};
  letter.fate = Letter::Fate::accepted;
  letter.queue_id = "NEVERWASTHERE";
  sim.look(true);
  EXPECT_TRUE(complains_of(sim.ledger(), "accepted, and neither delivered nor owed"));
}

// Puts a message into an INBOX behind everybody's back.
Task<> slip_in(World& world, std::string to, std::string octets) {
  auto id = co_await world.account_of(std::move(to));
  CHECK(id);
  world::House& house = world.house();
  auto body = house.store->new_body();
  CHECK(co_await body->write("\r\n" + octets));
  CHECK(co_await body->finish());
  mailbox::Arrival arrival;
  arrival.body = body->ref();
  arrival.digest = std::make_shared<const std::string>();
  arrival.internal_date = world.executor().wall();
  auto appended = co_await house.mailboxes.append(*id, std::move(arrival), std::move(body));
  CHECK(appended && appended->first == mailbox::AppendCode::ok);
}

TEST(Control, ASecondCopyIsNoticed) {
  Sim sim = quiet_sim();
  Letter& letter = sim.ledger().new_letter();
  letter.to = {"ann@example.org"};
  letter.fate = Letter::Fate::accepted;
  letter.data = "Subject: sim-1.\r\n\r\nend\r\n";
  sim.world().run(slip_in(sim.world(), "ann@example.org", letter.data));
  sim.look(true);
  EXPECT_TRUE(sim.ledger().complaints.empty());
  sim.world().run(slip_in(sim.world(), "ann@example.org", letter.data));
  sim.look(true);
  EXPECT_TRUE(complains_of(sim.ledger(), "delivered 2 times"));
}

TEST(Control, APasswordInClearIsNoticed) {
  using namespace std::string_literals;
  const std::string password(world::kPassword);
  for (const std::string& line :
       {"PASS " + password, "AUTH PLAIN " + base64_encode("\0ann@example.org\0"s + password),
        "AUTH PLAIN " + base64_encode("x\0ann@example.org\0"s + password),
        base64_encode(password)}) {
    Sim sim = quiet_sim();
    World& world = sim.world();
    auto say = [&](const char* from) {
      world.run([](World& there, std::string who, std::string what) -> Task<> {
        auto peer = co_await net::sim::Peer::dial(there.network().host(*net::IpAddress::parse(who)),
                                                  there.pop3_endpoint());
        CHECK(peer);
        for (char c : what + "\r\n") CHECK(co_await (*peer)->say(std::string(1, c)));
        CHECK(co_await (*peer)->line());
        CHECK(co_await (*peer)->line());
      }(world, from, line));
    };
    say(kStranger);
    say("127.0.0.1");
    EXPECT_TRUE(sim.ledger().complaints.empty()) << line;
    say("192.0.2.5");
    EXPECT_TRUE(complains_of(sim.ledger(), "said by")) << line;
  }
}

TEST(Control, AStrangersMailASmuggledLetterAndAChangedOneAreNoticed) {
  Sim sim = quiet_sim();
  Letter& letter = sim.ledger().new_letter();
  letter.to = {"ann@example.org"};
  letter.fate = Letter::Fate::refused;
  letter.data = "Subject: sim-1.\r\n\r\nend\r\n";
  sim.world().run(slip_in(sim.world(), "ann@example.org", "Subject: hello\r\n\r\n"));
  sim.world().run(slip_in(sim.world(), "bob@example.org", "Return-Path: <evil@example.net>\r\n"));
  sim.world().run(slip_in(sim.world(), "bob@example.org", "Subject: sim-1.\r\n\r\nchanged\r\n"));
  sim.look(false);
  EXPECT_TRUE(complains_of(sim.ledger(), "nobody sent"));
  EXPECT_TRUE(complains_of(sim.ledger(), "smuggled"));
  EXPECT_TRUE(complains_of(sim.ledger(), "is not what was sent"));
  EXPECT_TRUE(complains_of(sim.ledger(), "refused, and delivered"));
  EXPECT_TRUE(complains_of(sim.ledger(), "not a recipient"));
}

}  // namespace
}  // namespace posta::sim
