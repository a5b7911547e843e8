// golden_test.cc: a store that an older posta wrote stays readable (docs/formats/store.md).
//
// tests/golden/store/v1 is a checkpoint. POSTA_GOLDEN_WRITE=DIR makes a new one, for a new format;
// the old ones are never written again.
#include <cstdlib>
#include <fstream>

#include "base/codec.h"
#include "base/text.h"
#include "store/keys.h"
#include "store/pack.h"
#include "store/rocksdb/test_world.h"

namespace posta::store::rocks {
namespace {

namespace fs = std::filesystem;
using namespace suite;

const fs::path kGolden = fs::path(__FILE__).parent_path() / "../../../tests/golden/store";

// Octets as posta itself will never make them again: not from text(), which may change.
std::string stable_text(std::size_t octets) {
  std::string out;
  std::uint32_t number = 1;
  while (out.size() < octets) {
    number = number * 1664525 + 1013904223;
    out += fmt::format("line {} of a letter\r\n", number);
  }
  out.resize(octets);
  return out;
}

constexpr std::size_t kSizes[] = {5, 3000, 200'000};

Task<> fill(Store& store) {
  Batch batch;
  batch.put("D/name", "value").append("A/log", "one ").add("C/count", 40).put("gone", "1");
  co_await committed(store, std::move(batch));
  Batch more;
  more.append("A/log", "two").add("C/count", 2).erase("gone");
  for (std::size_t size : kSizes) {
    auto body = co_await body_of(store, stable_text(size));
    BodyId id = body->ref().id;
    more.put(fmt::format("A/body/{:06}", size), std::to_string(id.value));
    more.take(std::move(body)).link(id, "A");
  }
  co_await committed(store, std::move(more));
}

Task<> look(Store& store) {
  EXPECT_EQ(co_await listed(store, {"A/log", "A/m"}), "A/log=one two");
  EXPECT_EQ(co_await value_of(store, "D/name"), "value");
  EXPECT_EQ(co_await value_of(store, "gone"), std::nullopt);
  auto count = co_await value_of(store, "C/count");
  EXPECT_EQ(get_counter(count.value_or("")), 42);
  for (std::size_t size : kSizes) {
    auto id = co_await value_of(store, fmt::format("A/body/{:06}", size));
    BodyRef ref{BodyId(to_number<std::uint64_t>(id.value_or("0")).value_or(0)), size};
    auto octets = co_await store.read_body(ref, 0, size);
    EXPECT_TRUE(octets && *octets == stable_text(size)) << size;
  }
}

TEST(GoldenStore, AStoreOfFormat1IsReadAndGoesOn) {
  Options options;
  options.now = real_clock();
  options.create = true;
  Runner runner;
  if (const char* directory = std::getenv("POSTA_GOLDEN_WRITE")) {
    Scratch scratch;
    auto fresh = open(scratch / "store", options);
    ASSERT_TRUE(fresh);
    runner.run(fill(**fresh));
    auto make = [&]() -> Task<> {
      auto done = co_await (*fresh)->checkpoint(directory);
      EXPECT_TRUE(done) << describe(done.error());
    };
    runner.run(make());
  }
  ASSERT_TRUE(fs::exists(kGolden / "v1/keys/CURRENT"));
  Scratch scratch;
  fs::copy(kGolden / "v1", scratch / "store", fs::copy_options::recursive);
  auto opened = open(scratch / "store", options);
  ASSERT_TRUE(opened) << describe(opened.error());
  runner.run(look(**opened));
  auto report = verify(**opened);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->faults, 0u);
  EXPECT_EQ(report->small_bodies, 2u);
  EXPECT_EQ(report->files, 1u);
  auto write = [&]() -> Task<> {
    EXPECT_GT((*opened)->new_body()->ref().id.value, 65'536u) << "ids are not used again";
    Batch batch;
    batch.append("A/log", " three");
    auto done = co_await committed(**opened, std::move(batch));
    EXPECT_EQ(done.version, 3u);
    EXPECT_EQ(co_await value_of(**opened, "A/log"), "one two three");
  };
  runner.run(write());
}

TEST(GoldenStore, RecordsOfFormat1AreReadAsTheyWereWritten) {
  std::ifstream file(kGolden / "records-v1.txt");
  ASSERT_TRUE(file);
  Packer packer;
  int seen = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    auto words = split(line, ' ');
    ASSERT_EQ(words.size(), 3u) << line;
    std::string octets = hex_decode(words[1]).value();
    std::string_view meaning = words[2];
    ++seen;
    if (words[0] == "counter") {
      EXPECT_EQ(fmt::to_string(get_counter(octets)), meaning);
      EXPECT_EQ(put_counter(get_counter(octets)), octets);
    } else if (words[0] == "small-body") {
      std::string body = hex_decode(meaning).value();
      EXPECT_EQ(packer.unpack(octets, body.size(), 0, body.size()).value_or("?"), body);
    } else if (words[0] == "link") {
      EXPECT_EQ(fmt::to_string(body_of_link(octets).value().value), meaning);
      EXPECT_EQ(body_link_key(BodyId(to_number<std::uint64_t>(meaning).value()), "o"), octets);
    } else if (words[0] == "loose") {
      EXPECT_EQ(fmt::to_string(body_of_loose(octets).value().value), meaning);
      EXPECT_EQ(loose_key(BodyId(to_number<std::uint64_t>(meaning).value())), octets);
    } else if (words[0] == "frame-index") {
      auto index = FrameIndex::decode(octets, 8 + 100 + 7 + octets.size());
      ASSERT_TRUE(index);
      EXPECT_EQ(fmt::format("{}:{}/{:08x},{}/{:08x}", index->size, index->frames[0].octets,
                            index->frames[0].checksum, index->frames[1].octets,
                            index->frames[1].checksum),
                meaning);
      EXPECT_EQ(index->encode(), octets);
    } else {
      ADD_FAILURE() << "a record of an unknown kind: " << line;
    }
  }
  EXPECT_EQ(seen, 9);
}

}  // namespace
}  // namespace posta::store::rocks
