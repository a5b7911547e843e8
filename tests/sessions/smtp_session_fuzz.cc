// Any octets as an SMTP session, in the simulated house.
//
// Properties:
//   cut invariance  however the network cuts the octets, the replies are the same
//   bounded         replies are bounded by the commands, memory by the limits (checked by the
//                   sanitizer's limit)
//   no smuggling    what is accepted is said: 250 after the end of data as often as letters arrive
// and nothing crashes, whatever comes.
#include <cstdint>

#include "net/stream.h"
#include "world/world.h"

namespace posta::world {
namespace {

struct Outcome {
  std::string replies;
  std::size_t arrived = 0;
  std::size_t accepted = 0;
};

// Queue ids differ with time, and time with the cuts.
std::string without_ids(std::string replies) {
  constexpr std::string_view kMark = "queued as ";
  for (std::size_t at = 0; (at = replies.find(kMark, at)) != std::string::npos;) {
    at += kMark.size();
    replies.erase(at, replies.find_first_of(" \r", at) - at);
  }
  return replies;
}

Task<> talk(World& world, std::string octets, Outcome& outcome) {
  auto transport = co_await world.dial(*net::IpAddress::parse("127.0.0.1"), world.smtp_endpoint());
  CHECK(transport);
  net::Stream stream(world.executor(), std::move(*transport));
  stream.set_timeout(std::chrono::hours(24));
  // One octet too many would make a pipe full on both sides: the session answers while we send.
  stream.put(octets);
  co_await stream.flush();
  stream.shutdown_write();
  while (co_await stream.fill()) {
  }
  outcome.replies = without_ids(std::string(stream.input()));
  for (const char* who : {"ann@example.org", "bob@example.org"}) {
    auto inbox = co_await world.inbox(who);
    CHECK(inbox);
    outcome.arrived += inbox->size();
  }
}

Outcome play(std::string octets, std::uint64_t seed) {
  Config config;
  config.seed = seed;
  config.network.buffer_octets = 1_MiB;
  config.intake.message_octets_max = 4096;
  config.smtp.limits.refused_octets_max = 8192;
  World world(config);
  Outcome outcome;
  world.run(talk(world, std::move(octets), outcome));
  outcome.accepted = world.events().count("intake.letter.accepted");
  return outcome;
}

}  // namespace
}  // namespace posta::world

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posta::world;
  if (size > 64 * 1024) return 0;
  std::string octets(reinterpret_cast<const char*>(data), size);
  Outcome one = play(octets, 1);
  Outcome other = play(octets, 2);
  CHECK(one.replies == other.replies);
  CHECK(one.arrived == other.arrived && one.accepted == other.accepted);
  CHECK(one.replies.size() <= 4096 + 600 * (size + 2));
  CHECK(one.accepted > 0 || one.arrived == 0);
  return 0;
}
