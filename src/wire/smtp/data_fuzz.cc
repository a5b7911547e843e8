// Cut invariance: however the octets come, DATA and BDAT decode to the same message, with the same
// findings, and end at the same octet. Differential: the decoder agrees with one that looks at one
// octet at a time. The data never end but at CRLF . CRLF. What is normalised has no bare CR or LF.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "wire/smtp/data_decoder.h"

using namespace posta::wire::smtp;

namespace {

struct Decoded {
  std::string message;
  std::size_t taken = 0;
  bool done = false;
  bool mixed = false;
  Content content;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded decode(std::string_view octets, std::size_t step, const DecoderOptions& options) {
  DataDecoder decoder(options);
  Decoded out;
  while (!octets.empty() && !decoder.done() && !decoder.mixed()) {
    std::string_view input = octets.substr(0, step);
    const std::size_t before = input.size();
    for (std::string_view part; !(part = decoder.take(input)).empty();) out.message += part;
    CHECK(input.empty() || decoder.done());
    out.taken += before - input.size();
    octets.remove_prefix(before - input.size());
  }
  out.done = decoder.done();
  out.mixed = decoder.mixed();
  if (decoder.too_big()) out.message.clear();  // of no use to anybody
  out.content = decoder.content();
  if (out.mixed) out.taken = 0;  // the rest of the stream is dropped
  return out;
}

// RFC 5321 §4.5.2, word for word.
Decoded by_the_book(std::string_view octets) {
  Decoded out;
  const std::size_t end = octets.starts_with(".\r\n") ? 0 : octets.find("\r\n.\r\n");
  out.done = end != std::string_view::npos;
  std::string_view text = octets;
  if (out.done) {
    out.taken = end == 0 && octets.starts_with(".\r\n") ? 3 : end + 5;
    text = octets.substr(0, out.taken - 3);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool line_start = i == 0 || (i >= 2 && text[i - 1] == '\n' && text[i - 2] == '\r');
    if (!(line_start && text[i] == '.')) out.message += text[i];
  }
  return out;
}

Decoded decode_chunks(std::string_view octets, std::size_t chunk, std::size_t step,
                      const DecoderOptions& options) {
  BdatDecoder decoder(options);
  Decoded out;
  do {
    std::string_view input = octets.substr(0, chunk);
    octets.remove_prefix(input.size());
    decoder.begin_chunk(input.size(), octets.empty());
    do {
      std::string_view piece = input.substr(0, step);
      input.remove_prefix(piece.size());
      for (std::string_view part; !(part = decoder.take(piece)).empty();) out.message += part;
      CHECK(piece.empty());
    } while (!input.empty());
    CHECK(decoder.chunk_done());
  } while (!octets.empty());
  CHECK(decoder.done());
  if (decoder.too_big()) out.message.clear();
  out.content = decoder.content();
  return out;
}

bool has_bare_line_end(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return true;
  }
  return false;
}

void check_data(std::string_view octets, std::size_t step, const DecoderOptions& options) {
  const Decoded whole = decode(octets, octets.size() + 1, options);
  CHECK(whole == decode(octets, 1, options));
  CHECK(whole == decode(octets, step, options));
  if (whole.content.octets <= options.message_octets_max && whole.done)
    CHECK(whole.content.octets == whole.message.size());
  if (options.line_ends == LineEnds::bare_lf) {
    if (whole.done) CHECK(octets.substr(0, whole.taken).ends_with(".\n"));
    return;
  }
  const Decoded book = by_the_book(octets);
  CHECK(whole.done == book.done);
  if (!whole.done) return;
  CHECK(whole.taken == book.taken);
  if (options.message_octets_max < octets.size() * 2) return;
  CHECK(options.normalise ? !has_bare_line_end(whole.message) : whole.message == book.message);
  CHECK(whole.content.bare_line_ends() == has_bare_line_end(book.message));
  CHECK(whole.content.nul == (book.message.find('\0') != std::string::npos));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  std::string_view octets(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t step = 1 + data[1] % 16;
  DecoderOptions options{.normalise = (data[0] & 1) != 0,
                         .line_ends = (data[0] & 2) != 0 ? LineEnds::bare_lf : LineEnds::crlf};
  if ((data[0] & 4) != 0) options.message_octets_max = data[2];
  check_data(octets, step, options);

  const Decoded one = decode_chunks(octets, octets.size() + 1, octets.size() + 1, options);
  CHECK(one == decode_chunks(octets, 1 + data[2] % 32, step, options));
  if (options.message_octets_max > 2 * octets.size()) {
    if (options.normalise)
      CHECK(!has_bare_line_end(one.message));
    else
      CHECK(one.message == octets);
    CHECK(one.content.bare_line_ends() == has_bare_line_end(octets));
  }
  return 0;
}
