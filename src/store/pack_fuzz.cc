// pack_fuzz.cc: whatever is in the store, unpacking it ends, stays within what was asked for
// (bounded), and what was packed comes back (round trip).
#include "base/check.h"
#include "store/keys.h"
#include "store/pack.h"

using namespace posta;
using namespace posta::store;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static Packer packer;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  // As octets from a damaged store.
  std::uint64_t body_octets = size < 2 ? size : data[0] * 1024u + data[1];
  auto whole = packer.unpack(input, body_octets, 0, body_octets);
  if (whole) CHECK(whole->size() == body_octets);
  auto part = packer.unpack(input, body_octets, body_octets / 3, body_octets / 2);
  if (part) CHECK(part->size() == body_octets / 2);
  if (whole && part) CHECK(*part == whole->substr(body_octets / 3, body_octets / 2));
  (void)packer.check(input);
  (void)get_counter(input);
  (void)body_of_link(input);
  (void)body_of_loose(input);
  if (auto index = FrameIndex::decode(input, size + kBodyFileHead.size()))
    CHECK(index->frames.size() * FrameIndex::kFrameEntryOctets <= size);
  // As a body.
  std::string packed = packer.pack(input);
  CHECK(packed.size() <= size + 1);
  auto back = packer.unpack(packed, size, 0, size);
  CHECK(back && *back == input);
  CHECK(packer.check(packed).value_or(~0ull) == size);
  return 0;
}
