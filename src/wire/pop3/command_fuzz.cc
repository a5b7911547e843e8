// Round trip: parse(print(parse(x))) == parse(x). Cut invariance of lines. Offsets of refusals lie
// within the line.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "wire/pop3/command.h"
#include "wire/pop3/limits.h"
#include "wire/pop3/line.h"

using namespace posta::wire::pop3;

namespace {

void check_command(std::string_view line) {
  auto command = parse_command(line);
  if (!command) {
    CHECK(command.error().at <= line.size());
    CHECK(!command.error().reply.ok);
    CHECK(to_octets(command.error().reply).size() <= kReplyLineOctetsMax);
    return;
  }
  auto again = parse_command(to_string(*command));
  CHECK(again && *again == *command);
}

std::vector<std::string> read(std::string_view octets, std::size_t step) {
  LineReader reader(Limits{.command_line_octets_max = 24, .skipped_line_octets_max = 60});
  std::vector<std::string> seen;
  std::string buffer;
  while (!octets.empty()) {
    buffer += octets.substr(0, step);
    octets.remove_prefix(std::min(step, octets.size()));
    for (;;) {
      Line line = reader.next(buffer);
      CHECK(line.consumed <= buffer.size());
      if (line.kind != Line::Kind::need_more)
        seen.push_back(std::to_string(static_cast<int>(line.kind)) + std::string(line.text));
      buffer.erase(0, line.consumed);
      if (line.kind == Line::Kind::endless) return seen;
      if (line.kind == Line::Kind::need_more) break;
    }
    CHECK(buffer.size() < 24);
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_command(octets);
  const auto whole = read(octets, octets.size() + 1);
  CHECK(whole == read(octets, 1));
  CHECK(whole == read(octets, 1 + data[0] % 32));
  return 0;
}
