// Any octets as an IMAP session, in the simulated house: before a login if the first octet is even,
// else after one, with INBOX selected.
//
// Properties:
//   cut invariance  however the network cuts the octets, the replies and the mailbox are the same
//   bounded         replies are bounded by the commands and what they may show
//   no removal      without EXPUNGE, CLOSE or MOVE nothing is removed
// and nothing crashes, whatever comes.
#include <cstdint>

#include "base/text.h"
#include "net/stream.h"
#include "wire/message/digest.h"
#include "world/world.h"

namespace posta::world {
namespace {

constexpr std::string_view kMessages[] = {
    "From: a@example.net\r\nSubject: one\r\n\r\nbody\r\n",
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\npart\r\n--b--\r\n",
    "\r\n",
};

struct Outcome {
  std::string replies;
  std::vector<std::string> inbox;
};

Task<> fill(World& world) {
  auto id = co_await world.account_of("ann@example.org");
  CHECK(id);
  for (std::string_view message : kMessages) {
    auto body = world.house().store->new_body();
    CHECK(co_await body->write(std::string(message)));
    CHECK(co_await body->finish());
    mailbox::Arrival arrival;
    arrival.body = body->ref();
    arrival.digest = std::make_shared<const std::string>(
        wire::message::encode(wire::message::digest_of(message)));
    CHECK(co_await world.house().mailboxes.append(*id, std::move(arrival), std::move(body)));
  }
}

Task<> talk(World& world, std::string octets, Outcome& outcome) {
  co_await fill(world);
  auto transport = co_await world.dial(*net::IpAddress::parse("127.0.0.1"), world.imap_endpoint());
  CHECK(transport);
  net::Stream stream(world.executor(), std::move(*transport));
  stream.set_timeout(std::chrono::hours(24));
  stream.put(octets);
  co_await stream.flush();
  stream.shutdown_write();
  while (co_await stream.fill()) {
  }
  outcome.replies = stream.input();
  auto inbox = co_await world.inbox("ann@example.org");
  CHECK(inbox);
  outcome.inbox = std::move(*inbox);
}

Outcome play(std::string octets, std::uint64_t seed) {
  Config config;
  config.seed = seed;
  config.passwords = true;
  config.network.buffer_octets = 4_MiB;
  config.imap.limits.read_octets = 7;
  config.imap.limits.replies_octets_max = 100;
  World world(config);
  world.executor().set_wall_clock(WallTime(std::chrono::days(20'000)));
  Outcome outcome;
  world.run(talk(world, std::move(octets), outcome));
  return outcome;
}

bool removes(std::string_view octets) {
  std::string upper = to_upper(octets);
  return upper.contains("EXPUNGE") || upper.contains("CLOSE") || upper.contains("MOVE") ||
         upper.contains("RENAME");
}

}  // namespace
}  // namespace posta::world

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posta::world;
  if (size == 0 || size > 16 * 1024) return 0;
  std::string octets;
  if (data[0] % 2) octets = "L LOGIN ann \"" + std::string(kPassword) + "\"\r\nS SELECT INBOX\r\n";
  octets.append(reinterpret_cast<const char*>(data + 1), size - 1);
  // A challenge of SCRAM has chance in it, which is the seed's.
  if (posta::to_upper(octets).contains("SCRAM")) return 0;
  Outcome one = play(octets, 1);
  Outcome other = play(octets, 2);
  CHECK(one.replies == other.replies);
  CHECK(one.inbox == other.inbox);
  CHECK(one.replies.size() <= 4096 + 4096 * (size + 2));
  CHECK(one.inbox.size() >= std::size(kMessages) || removes(octets));
  return 0;
}
