// Cut invariance of the encoder and of TOP. Round trip: what a client undoes is the message, its
// lines made CRLF; the reply never ends early.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "wire/pop3/multiline.h"

using namespace posta::wire::pop3;

namespace {

std::string encode(std::string_view message, std::size_t step, Workarounds workarounds) {
  MultilineEncoder encoder(workarounds);
  std::string out;
  while (!message.empty()) {
    std::string_view piece = message.substr(0, step);
    message.remove_prefix(piece.size());
    for (std::string_view part; !(part = encoder.take(piece)).empty();) out += part;
    CHECK(piece.empty());
  }
  return out.append(encoder.finish());
}

std::string top(std::string_view message, std::size_t step, std::uint64_t lines) {
  TopFilter filter(lines);
  std::string out;
  while (!message.empty()) {
    out += filter.take(message.substr(0, step));
    message.remove_prefix(std::min(step, message.size()));
  }
  return out;
}

// As a client reads: by lines that end in LF.
std::string undo(std::string_view reply) {
  std::string out;
  for (;;) {
    std::size_t lf = reply.find('\n');
    CHECK(lf != std::string_view::npos && lf > 0 && reply[lf - 1] == '\r');
    std::string_view line = reply.substr(0, lf + 1);
    reply.remove_prefix(lf + 1);
    if (line == ".\r\n") break;
    if (line.starts_with('.')) line.remove_prefix(1);
    out += line;
  }
  CHECK(reply.empty());
  return out;
}

std::string with_crlf(std::string_view message) {
  std::string out;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '\n' && (i == 0 || message[i - 1] != '\r')) out += '\r';
    out += message[i];
  }
  if (!message.empty() && !out.ends_with('\n')) out += "\r\n";
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  std::string_view message(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t step = 1 + data[0] % 16;
  const Workarounds workarounds{(data[1] & 1) != 0, (data[1] & 2) != 0};
  const std::string code = encode(message, message.size() + 1, workarounds);
  CHECK(code == encode(message, 1, workarounds));
  CHECK(code == encode(message, step, workarounds));
  std::string back = undo(code);
  if (workarounds.no_nuls) CHECK(back.find('\0') == std::string::npos);
  if (workarounds.end_of_header) CHECK(("\n" + back).find("\n\r\n") != std::string::npos);
  if (!workarounds.no_nuls && !workarounds.end_of_header) CHECK(back == with_crlf(message));

  const std::uint64_t lines = data[2] % 8;
  const std::string shown = top(message, message.size() + 1, lines);
  CHECK(shown == top(message, 1, lines));
  CHECK(shown == top(message, step, lines));
  CHECK(message.starts_with(shown));
  return 0;
}
