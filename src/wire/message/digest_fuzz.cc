// Properties: the digest is the same however the message is cut; every law of digest_laws.h holds
// (ranges, IMAP grammar, kept fields, records read back); the digest is bounded by the message; a
// damaged record is refused or reads back, never trusted.

#include "base/check.h"
#include "wire/message/digest_laws.h"
#include "wire/message/text_of.h"

using namespace posta::wire::message;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  // Small limits, so that they are crossed.
  Limits limits;
  std::uint64_t seed = size;
  if (!input.empty()) {
    seed = static_cast<unsigned char>(input.front()) * 257u + size;
    if (seed % 2 == 0) {
      limits.header_octets_max = 300;
      limits.headers_octets_max = 700;
      limits.fields_max = 5;
      limits.kept_field_octets_max = 40;
      limits.kept_octets_max = 100;
      limits.parts_max = 6;
      limits.depth_max = 4;
      limits.parameters_max = 3;
      limits.addresses_max = 4;
      limits.references_max = 2;
      limits.value_octets_max = 20;
      limits.preview_octets_max = 50;
    }
  }
  Digest whole = digest_of(input, limits);
  std::string law = broken_law(whole, limits);
  if (law.empty()) law = broken_law_of_kept(whole, input, limits);
  if (!law.empty()) fprintf(stderr, "%s\n", law.c_str());
  CHECK(law.empty());
  CHECK(whole == digest_of_pieces(input, seed, limits));
  std::string record = encode(whole);
  CHECK(record.size() <= 4096 + 40 * size);
  for (const Part& p : whole.parts)
    if (!p.is_multipart()) CHECK(posta::is_utf8(text_of(p, input)) || p.type != "text");
  if (!record.empty()) {
    record[seed % record.size()] ^= static_cast<char>(1 + seed % 255);
    if (auto damaged = decode(record)) {
      auto again = decode(encode(*damaged));
      CHECK(again && *again == *damaged);
    }
  }
  (void)decode(input);
  return 0;
}
