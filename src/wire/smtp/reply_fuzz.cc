// Cut invariance: however the octets come, the replies are the same. Round trip: a reply printed
// and read is the reply. What EHLO offers survives printing and reading.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "wire/smtp/ehlo.h"
#include "wire/smtp/reply.h"

using namespace posta;
using namespace posta::wire::smtp;

namespace {

struct Read {
  std::vector<Reply> replies;
  bool failed = false;
};

Read read(std::string_view octets, std::size_t step) {
  ReplyReader reader;
  Read out;
  while (!octets.empty()) {
    std::string_view piece = octets.substr(0, step);
    octets.remove_prefix(piece.size());
    while (!piece.empty()) {
      auto whole = reader.feed(piece);
      if (!whole) {
        out.failed = true;
        return out;
      }
      if (*whole) out.replies.push_back(reader.take());
    }
  }
  return out;
}

bool same(const Reply& a, const Reply& b) {
  return a.code == b.code && a.status == b.status && a.text == b.text;
}

void check_same(const Read& a, const Read& b) {
  CHECK(a.failed == b.failed && a.replies.size() == b.replies.size());
  for (std::size_t i = 0; i < a.replies.size(); ++i) CHECK(same(a.replies[i], b.replies[i]));
}

Reply read_one(std::string_view octets) {
  ReplyReader reader;
  auto whole = reader.feed(octets);
  CHECK(whole && *whole && octets.empty());
  return reader.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Read whole = read(octets, octets.size() + 1);
  check_same(whole, read(octets, 1));
  check_same(whole, read(octets, 1 + data[0] % 32));
  for (const Reply& reply : whole.replies) {
    const Reply safe = read_one(to_octets(reply, true));  // the first printing makes it safe
    CHECK(safe.code == reply.code);
    CHECK(same(read_one(to_octets(safe, true)), safe));
    const Capabilities offered = parse_ehlo_reply(safe).offered;
    const Reply again = ehlo_reply("host", "", offered);
    CHECK(parse_ehlo_reply(again).offered == offered);
  }
  return 0;
}
