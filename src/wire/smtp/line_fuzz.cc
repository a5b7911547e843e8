// Cut invariance: however the octets come, the lines are the same. Bounded: a caller that keeps
// what is not consumed never keeps more than the limit. No line has a CR, LF or NUL.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "wire/smtp/line.h"

using namespace posta::wire::smtp;

namespace {

struct Seen {
  Line::Kind kind;
  std::string text;
  friend bool operator==(const Seen&, const Seen&) = default;
};

constexpr Limits kSmall{.command_line_octets_max = 24, .skipped_line_octets_max = 60};

std::vector<Seen> read(std::string_view octets, std::size_t step, bool hand) {
  LineReader reader(kSmall, hand);
  std::vector<Seen> seen;
  std::string buffer;
  while (!octets.empty()) {
    buffer += octets.substr(0, step);
    octets.remove_prefix(std::min(step, octets.size()));
    for (;;) {
      Line line = reader.next(buffer);
      CHECK(line.consumed <= buffer.size());
      if (line.kind != Line::Kind::need_more) {
        CHECK(line.consumed > 0);
        CHECK(line.text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
        seen.push_back({line.kind, std::string(line.text)});
      }
      buffer.erase(0, line.consumed);
      if (line.kind == Line::Kind::mixed || line.kind == Line::Kind::endless) return seen;
      if (line.kind == Line::Kind::need_more) break;
    }
    CHECK(buffer.size() < reader.buffer_octets_max());
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool hand = (data[0] & 1) != 0;
  std::string_view octets(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto whole = read(octets, octets.size() + 1, hand);
  CHECK(whole == read(octets, 1, hand));
  CHECK(whole == read(octets, 1 + data[1] % 32, hand));
  return 0;
}
