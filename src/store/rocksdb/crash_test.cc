// crash_test.cc: RocksDB on a disk that fails, fills up, lies, rots, or loses its power.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "base/bytes.h"
#include "store/keys.h"
#include "store/rocksdb/rocks_engine.h"
#include "store/rocksdb/test_world.h"
#include "store/suite_faults.h"

namespace posta::store::rocks {
namespace {

namespace fs = std::filesystem;
using namespace suite;
constexpr int kWriters = 3;
constexpr int kLetters = 4;

Options options_on(std::shared_ptr<rocksdb::FileSystem> file_system) {
  Options options;
  options.now = real_clock();
  options.create = true;
  options.file_system = std::move(file_system);
  options.fatal = [](const Error&) {};
  options.write_buffers_octets = 1_MiB;  // so that tables are written too
  return options;
}

// Opens what is in the directory, as after a restart, and counts the letters that are missing.
void check(const std::string& directory, const std::vector<int>& acknowledged, int& missing) {
  auto opened = open(directory, options_on(nullptr));
  ASSERT_TRUE(opened) << describe(opened.error());
  Runner().run(check_letters(**opened, acknowledged, missing));
  auto report = verify(**opened);
  ASSERT_TRUE(report) << describe(report.error());
  EXPECT_EQ(report->faults, 0u) << report->examples.front();
}

TEST(RocksStore, WhateverWriteOrSyncFailsAcknowledgedIsThereAndNothingIsHalf) {
  int failures = 0;
  std::uint64_t step = 1;
  for (std::uint64_t n = 1;; n += step) {
    ASSERT_LT(n, 5000u) << "the loop must come to a run that does not meet the fault";
    Scratch scratch;
    std::string directory = scratch / "store";
    auto file_system = std::make_shared<TestFs>(directory, n);
    std::vector<Ledger> ledgers;
    file_system->fail_operation(n);
    if (auto opened = open(directory, options_on(file_system)); opened)
      Runner().run(write_in_parallel(**opened, kWriters, kLetters, ledgers));
    bool met = file_system->fault_was_met();
    file_system->fail_operation(0);
    int missing = -1;
    check(directory, all_acknowledged(ledgers), missing);
    EXPECT_EQ(missing, 0) << "the " << n << "th operation failed";
    bool refused = ledgers.empty() ||
                   std::any_of(ledgers.begin(), ledgers.end(), [](auto& l) { return l.refused; });
    failures += refused;
    if (!met) {
      EXPECT_FALSE(refused);
      break;
    }
  }
  EXPECT_GT(failures, 10);
}

struct Cut {
  int missing = -1;
  std::size_t acknowledged = 0;
};

// Writes letters, cuts the power at some moment, and looks at what is left.
Cut cut_at(std::uint64_t seed, bool sync) {
  Scratch scratch;
  std::string directory = scratch / "store";
  auto file_system = std::make_shared<TestFs>(directory, seed);
  Options options = options_on(file_system);
  options.sync = sync;
  auto opened = open(directory, std::move(options));
  CHECK(opened);
  std::vector<Ledger> ledgers(kWriters);
  std::vector<int> acknowledged;
  Random random(seed);
  std::uint64_t at = file_system->operations() + 10 + random.below(250);
  std::atomic<bool> written{false};
  // The cut comes from another thread, between any two operations.
  std::thread cutter([&] {
    while (file_system->operations() < at && !written) std::this_thread::yield();
    for (int w = 0; w < kWriters; ++w)
      for (int i = 0; i < *ledgers[std::size_t(w)].count; ++i) acknowledged.push_back(w * 40 + i);
    file_system->cut(scratch / "after");
  });
  Runner().run(write_in_parallel(**opened, kWriters, 40, ledgers));
  written = true;
  cutter.join();
  opened->reset();
  Cut cut;
  cut.acknowledged = acknowledged.size();
  check(scratch / "after", acknowledged, cut.missing);
  return cut;
}

TEST(RocksStore, AfterAPowerCutAcknowledgedIsThereAndNothingIsHalf) {
  std::size_t acknowledged = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Cut cut = cut_at(seed, true);
    EXPECT_EQ(cut.missing, 0) << "seed " << seed;
    acknowledged += cut.acknowledged;
  }
  EXPECT_GT(acknowledged, 40u);
}

TEST(RocksStore, WithoutSyncsAPowerCutLosesLettersSoTheTestAboveCanFail) {
  int missing = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) missing += cut_at(seed, false).missing;
  EXPECT_GT(missing, 0);
}

// ------------------------------------------------------------------------------------------------
// disks that do not work

Task<> commit_one(Store& store, std::string key, std::string& said) {
  Batch batch;
  batch.put(std::move(key), "1");
  auto done = co_await store.commit(std::move(batch));
  said = done ? "committed" : to_string(done.error().kind);
}

TEST(RocksStore, AReadOnlyDiskIsAnErrorAndNotAHalfStore) {
  Scratch scratch;
  std::string directory = scratch / "store";
  auto file_system = std::make_shared<TestFs>(directory);
  {
    auto opened = open(directory, options_on(file_system));
    ASSERT_TRUE(opened);
    std::string said;
    Runner().run(commit_one(**opened, "before", said));
    EXPECT_EQ(said, "committed");
    file_system->set_read_only(true);
    Runner().run(commit_one(**opened, "during", said));
    EXPECT_EQ(said, to_string(Error::Kind::unavailable));
  }
  auto refused = open(directory, options_on(file_system));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Error::Kind::unavailable) << describe(refused.error());
  file_system->set_read_only(false);
  auto opened = open(directory, options_on(file_system));
  ASSERT_TRUE(opened);
  auto look = [&]() -> Task<> {
    EXPECT_EQ(co_await value_of(**opened, "before"), "1");
    EXPECT_EQ(co_await value_of(**opened, "during"), std::nullopt);
  };
  Runner().run(look());
}

TEST(RocksStore, AFailedSyncOfTheLogIsFatalEvenIfItSaysNoSpace) {
  Scratch scratch;
  std::string directory = scratch / "store";
  auto file_system = std::make_shared<TestFs>(directory);
  Options options = options_on(file_system);
  std::atomic<int> fatal{0};
  options.fatal = [&](const Error&) { ++fatal; };
  auto opened = open(directory, std::move(options));
  ASSERT_TRUE(opened);
  std::string said;
  Runner().run(commit_one(**opened, "a", said));
  file_system->fail_log_syncs(true);
  Runner().run(commit_one(**opened, "b", said));
  EXPECT_EQ(said, to_string(Error::Kind::unavailable));
  file_system->fail_log_syncs(false);
  Runner().run(commit_one(**opened, "c", said));
  EXPECT_EQ(said, to_string(Error::Kind::unavailable)) << "a sync is never tried again";
  EXPECT_EQ(fatal, 1);
}

void flip_octet(const std::string& file, std::uintmax_t at) {
  std::fstream octets(file, std::ios::in | std::ios::out | std::ios::binary);
  octets.seekg(static_cast<std::streamoff>(at));
  char octet = 0;
  octets.get(octet);
  octets.seekp(static_cast<std::streamoff>(at));
  octets.put(static_cast<char>(octet ^ 0x55));
}

std::vector<std::string> files_ending(const std::string& directory, std::string_view ending) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file() && entry.path().string().ends_with(ending))
      out.push_back(entry.path().string());
  return out;
}

TEST(RocksStore, ACorruptBlockIsAnErrorAndVerifyFindsIt) {
  for (std::string_view ending : {".sst", ".blob", "file"}) {
    RocksWorld world{Limits()};
    std::vector<Ledger> ledgers;
    world.run(write_in_parallel(world.store(), kWriters, 14, ledgers));
    std::unique_ptr<World> copy = world.open_checkpoint();  // flushes: tables and blobs are there
    copy.reset();
    auto sound = verify(world.store());
    ASSERT_TRUE(sound);
    EXPECT_EQ(sound->faults, 0u);
    EXPECT_EQ(sound->links, 42u);
    EXPECT_EQ(sound->small_bodies + sound->files, 42u);
    world.close();
    std::vector<std::string> files;
    if (ending == "file") {
      for (const auto& entry : fs::recursive_directory_iterator(world.directory() + "/bodies"))
        if (entry.is_regular_file()) files.push_back(entry.path().string());
    } else {
      files = files_ending(world.directory(), ending);
    }
    ASSERT_FALSE(files.empty()) << ending;
    for (const std::string& file : files) flip_octet(file, fs::file_size(file) / 3);
    auto opened = open(world.directory(), options_on(nullptr));
    if (!opened) continue;  // it was found at once
    int corrupt = 0;
    auto look = [&]() -> Task<> {
      auto records = co_await (*opened)->snapshot()->scan(Range::prefix("A/"), 1000);
      if (!records) {
        corrupt += records.error().is(Error::Kind::corrupt);
        co_return;
      }
      for (const KeyValue& record : *records) {
        std::size_t space = record.value.find(' ');
        if (!record.key.starts_with("A/letter/") || space == std::string::npos) continue;
        BodyRef ref{BodyId(std::stoull(record.value.substr(0, space))),
                    std::stoull(record.value.substr(space + 1))};
        auto octets = co_await (*opened)->read_body(ref, 0, ref.size);
        if (!octets) {
          EXPECT_EQ(octets.error().kind, Error::Kind::corrupt) << describe(octets.error());
          ++corrupt;
        } else {
          int letter = std::stoi(record.key.substr(9));
          EXPECT_TRUE(*octets == text(letter_octets(letter), std::uint64_t(letter)))
              << "corrupt octets were given out";
        }
      }
    };
    Runner().run(look());
    EXPECT_GT(corrupt, 0) << ending;
    auto report = verify(**opened);
    ASSERT_TRUE(report);
    EXPECT_GT(report->faults, 0u) << ending;
  }
}

TEST(RocksStore, ALinkToABodyThatIsNotThereIsAFault) {
  RocksWorld world{Limits()};
  auto fill = [&]() -> Task<> {
    Batch batch;
    batch.link(BodyId(4711), "nobody");
    co_await committed(world.store(), std::move(batch));
    auto body = co_await body_of(world.store(), "unlinked");
    Batch loose;
    loose.take(std::move(body));
    co_await committed(world.store(), std::move(loose));
  };
  world.run(fill());
  auto report = verify(world.store());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->faults, 1u);
  EXPECT_EQ(report->unlinked, 1u);
  EXPECT_EQ(report->examples.at(0), "body 0000000000001267 is linked and is not there");
}

// ------------------------------------------------------------------------------------------------
// opening

TEST(RocksStore, ASecondOpenIsToldWhoHasTheStore) {
  RocksWorld world{Limits()};
  auto second = open(world.directory(), options_on(nullptr));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Error::Kind::conflict);
  EXPECT_NE(second.error().what.find(fmt::format("in use by process {} (", getpid())),
            std::string::npos)
      << second.error().what;
}

TEST(RocksStore, WithoutCreateADirectoryWithoutAStoreIsNotFound) {
  Scratch scratch;
  Options options = options_on(nullptr);
  options.create = false;
  auto opened = open(scratch / "nothing", std::move(options));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, Error::Kind::not_found);
  EXPECT_FALSE(fs::exists(scratch / "nothing"));
}

// RocksDB would begin anew, and remove every table.
TEST(RocksStore, AStoreWithoutCurrentIsRefusedAndNothingOfItIsTouched) {
  RocksWorld world{Limits()};
  world.close();
  auto names = [&] {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(world.directory() + "/keys"))
      out.insert(entry.path().filename());
    return out;
  };
  fs::remove(world.directory() + "/keys/CURRENT");
  auto before = names();
  ASSERT_FALSE(before.empty());
  for (bool create : {false, true}) {
    Options options = options_on(nullptr);
    options.create = create;
    auto opened = open(world.directory(), std::move(options));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, Error::Kind::corrupt);
    EXPECT_NE(opened.error().what.find("no whole store"), std::string::npos);
  }
  EXPECT_EQ(look_for(world.directory()).error().kind, Error::Kind::corrupt);
  EXPECT_EQ(names(), before);
}

TEST(RocksStore, ANewerFormatIsRefusedInWords) {
  RocksWorld world{Limits()};
  world.close();
  {
    auto engine = RocksEngine::open(world.directory(), options_on(nullptr));
    ASSERT_TRUE(engine);
    std::vector<Batch::Op> ops{{Batch::Op::Kind::put, std::string(kFormatKey), "\x63"}};
    Log::Write write;
    write.ops.push_back(&ops);
    ASSERT_TRUE((*engine)->apply(write, true));
  }
  auto opened = open(world.directory(), options_on(nullptr));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, Error::Kind::config);
  EXPECT_NE(opened.error().what.find("format 99"), std::string::npos) << opened.error().what;
}

}  // namespace
}  // namespace posta::store::rocks
