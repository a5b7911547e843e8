// Round trip: a message encoded and decoded is the message with its line ends made CRLF, however it
// is cut; the code never has a bare CR or LF, and never ends early.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "wire/smtp/data_decoder.h"
#include "wire/smtp/data_encoder.h"

using namespace posta::wire::smtp;

namespace {

std::string encode(std::string_view message, std::size_t step) {
  DataEncoder encoder;
  std::string out;
  while (!message.empty()) {
    std::string_view piece = message.substr(0, step);
    message.remove_prefix(piece.size());
    for (std::string_view part; !(part = encoder.take(piece)).empty();) out += part;
    CHECK(piece.empty());
  }
  out += encoder.finish();
  return out;
}

std::string with_crlf(std::string_view message) {
  std::string out;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '\r' || message[i] == '\n') {
      out += "\r\n";
      if (message.substr(i, 2) == "\r\n") ++i;
    } else {
      out += message[i];
    }
  }
  if (!message.empty() && !out.ends_with("\r\n")) out += "\r\n";
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string code = encode(message, message.size() + 1);
  CHECK(code == encode(message, 1));
  CHECK(code == encode(message, 1 + data[0] % 16));

  DataDecoder decoder;
  std::string_view input = code;
  std::string back;
  for (std::string_view part; !(part = decoder.take(input)).empty();) back += part;
  CHECK(decoder.done() && input.empty());
  CHECK(!decoder.content().bare_line_ends());
  CHECK(back == with_crlf(message));
  return 0;
}
