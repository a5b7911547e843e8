// Property: round trip. What a parser takes prints back to the same octets and parses to the same
// value; a server that is shown anything never believes a proof; a client never is satisfied.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "wire/sasl/client.h"
#include "wire/sasl/plain.h"
#include "wire/sasl/prepare.h"
#include "wire/sasl/scram_server.h"

namespace {

using namespace posta;
using namespace posta::wire::sasl;

template <class Parse>
void round_trip(std::string_view input, Parse parse) {
  auto first = parse(input);
  if (!first) {
    CHECK(first.error().is(Error::Kind::syntax));
    CHECK(first.error().at <= input.size() || input.size() > kScramOctetsMax);
    return;
  }
  std::string printed = print(*first);
  CHECK(printed == input);
  auto second = parse(printed);
  CHECK(second && *second == *first);
}

// The input, split at NUL, is everything that the other side says.
void exchange(std::string_view input) {
  std::size_t cut = std::min(input.find('\0'), input.size());
  std::string_view head = input.substr(0, cut);
  std::string_view tail = cut < input.size() ? input.substr(cut + 1) : std::string_view();
  for (const MechanismInfo& known : kMechanisms) {
    auto client =
        begin_client(known.mechanism, {"user", "password"},
                     {.bindings = {"exporter", ""}, .nonce = "c", .iterations_max = 5000});
    if (known.mechanism == Mechanism::plain || known.mechanism == Mechanism::login) continue;
    client->initial();
    if (auto said = client->respond(head)) CHECK(!client->respond(tail));
    CHECK(!client->satisfied());
    ScramServer server({known.mechanism, {"exporter", ""}, false, "s"});
    if (!server.take_first(head)) continue;
    server.challenge("salt", 4096);
    if (server.take_final(tail))
      CHECK(!server.proves({std::string(octets_of(known.hash), 'k'), std::string()}));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0: round_trip(input, parse_plain); break;
    case 1: round_trip(input, parse_client_first); break;
    case 2: round_trip(input, parse_server_first); break;
    case 3: round_trip(input, parse_client_final); break;
    case 4: round_trip(input, parse_server_final); break;
    case 5: exchange(input); break;
    case 6: {
      std::string once = prepare_password(input);
      CHECK(prepare_password(once) == once);
      CHECK(once.size() <= 3 * input.size());
      break;
    }
  }
  return 0;
}
