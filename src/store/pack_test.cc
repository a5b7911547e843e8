#include "store/pack.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/codec.h"
#include "store/suite.h"

namespace posta::store {
namespace {

std::string noise(std::size_t octets, std::uint64_t seed) {
  suite::Random random(seed);
  std::string out(octets, '\0');
  for (char& octet : out) octet = static_cast<char>(random.next());
  return out;
}

TEST(Packer, BodiesComeBackWholeAndInPartsWhateverTheirSize) {
  Packer packer;
  for (std::size_t size : {0, 1, 2, 63, 4096, 65535, 65536, 65537, 131072, 200'000}) {
    for (const std::string& body : {suite::text(size), noise(size, size)}) {
      std::string packed = packer.pack(body);
      EXPECT_LE(packed.size(), body.size() + 1);
      EXPECT_EQ(packer.check(packed).value_or(99), size);
      for (std::size_t offset : {std::size_t{0}, size / 2, size}) {
        for (std::size_t length : {std::size_t{0}, (size - offset) / 2, size - offset}) {
          auto part = packer.unpack(packed, size, offset, length);
          ASSERT_TRUE(part) << describe(part.error());
          EXPECT_TRUE(*part == body.substr(offset, length)) << size << ' ' << offset;
        }
      }
    }
  }
}

TEST(Packer, TextBecomesShorterAndNoiseNotLonger) {
  Packer packer;
  EXPECT_LT(packer.pack(suite::text(4096)).size(), 2800u);
  EXPECT_EQ(packer.pack(noise(4096, 1)).size(), 4097u);
  EXPECT_LT(packer.frame(suite::text(65536)).size(), 40'000u);
  EXPECT_EQ(packer.frame(noise(65536, 1)).size(), 65536u);
}

TEST(Packer, NothingBecomesLongerByMoreThanItsForm) {
  Packer packer;
  for (std::size_t size = 0; size < 200; ++size) {
    std::string body(size, '\0');
    if (size > 0) body[0] = body[size / 2] = '\x01';
    EXPECT_LE(packer.pack(body).size(), size + 1) << size;
  }
}

TEST(Packer, DamagedOctetsAreCorruptAndNeverCrash) {
  Packer packer;
  std::string body = suite::text(100'000);
  std::string packed = packer.pack(body);
  EXPECT_FALSE(packer.unpack("", 1, 0, 1));
  EXPECT_FALSE(packer.unpack("\x09zzz", 3, 0, 3));
  EXPECT_FALSE(packer.unpack(packed, body.size() - 1, 0, body.size() - 1)) << "of another size";
  EXPECT_FALSE(packer.unpack(packed + 'x', body.size(), 0, body.size()));
  for (std::size_t cut = 0; cut < packed.size(); cut += 997) {
    auto part = packer.unpack(packed.substr(0, cut), body.size(), 0, body.size());
    ASSERT_FALSE(part);
    EXPECT_EQ(part.error().kind, Error::Kind::corrupt);
  }
}

FrameIndex some_index(std::uint64_t& file_octets) {
  FrameIndex index;
  index.size = 2 * kFrameOctets + 5;
  file_octets = kBodyFileHead.size();
  for (std::string_view frame : {"first", "second", "third"}) {
    index.add(frame);
    file_octets += frame.size();
  }
  file_octets += index.encode().size();
  return index;
}

TEST(FrameIndex, ComesBackAsItWasWritten) {
  std::uint64_t file_octets = 0;
  FrameIndex index = some_index(file_octets);
  auto read = FrameIndex::decode(index.encode(), file_octets);
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ(read->size, index.size);
  ASSERT_EQ(read->frames.size(), 3u);
  EXPECT_EQ(read->frames[1].octets, 6u);
  EXPECT_EQ(read->frames[1].checksum, crc32c("second"));
}

TEST(FrameIndex, EveryChangedOctetIsFound) {
  std::uint64_t file_octets = 0;
  std::string octets = some_index(file_octets).encode();
  for (std::size_t i = 0; i < octets.size(); ++i) {
    std::string changed = octets;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    EXPECT_FALSE(FrameIndex::decode(changed, file_octets)) << "octet " << i;
  }
  EXPECT_FALSE(FrameIndex::decode(octets, file_octets + 1)) << "of another file";
  EXPECT_FALSE(FrameIndex::decode(octets.substr(1), file_octets));
}

}  // namespace
}  // namespace posta::store
