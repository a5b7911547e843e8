// Round trip: parse(print(parse(x))) == parse(x), strict or not. Bounded: what is printed is a
// small multiple of what came. Offsets of refusals lie within the line.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

using namespace posta::wire::smtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 4096) return 0;
  const Parse options{.strict = (data[0] & 1) != 0,
                      .size = (data[0] & 2) == 0,
                      .eight_bit = (data[0] & 4) == 0,
                      .smtputf8 = (data[0] & 8) == 0,
                      .auth = (data[0] & 16) == 0};
  std::string_view line(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto command = parse_command(line, options);
  if (!command) {
    CHECK(command.error().at <= line.size());
    CHECK(command.error().reply.code >= 400 && command.error().reply.status);
    CHECK(to_octets(command.error().reply).size() <= kReplyLineOctetsMax);
    return 0;
  }
  const std::string printed = to_string(*command);
  CHECK(printed.size() <= 4 * line.size() + 64);
  CHECK(printed.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  auto again = parse_command(printed, options);
  CHECK(again);
  CHECK(*again == *command);
  CHECK(verb_of(*again) == verb_of(*command));
  return 0;
}
