// store_kill.cc: a store whose process is killed at random moments loses nothing it acknowledged.
//
//   store_kill [--kills 10] [--seed 1] [--dir D]
//
// A child commits letters and prints each one that was acknowledged; the parent kills it (SIGKILL),
// opens the store, looks for every letter that was ever printed, and goes on with the next child on
// the same store. A letter is keys and a body; some bodies are large and have files.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/text.h"
#include "runtime/asio/loop.h"
#include "runtime/nursery.h"
#include "runtime/sim/sim_executor.h"
#include "store/rocksdb/open.h"

namespace posta::store {
namespace {

constexpr int kWriters = 8;

struct Settings {
  int kills = 10;
  std::uint64_t seed = 1;
  std::string directory;
  int child = 0;  // number of the first letter; 0: the parent
};

std::string octets_of(std::uint64_t letter) {
  std::size_t size = letter % 50 == 7 ? 300'000 : 200 + letter * 7919 % 6000;
  std::string out;
  out.reserve(size + 32);
  while (out.size() < size) out += fmt::format("letter {} at {}\r\n", letter, out.size());
  out.resize(size);
  return out;
}

std::string key_of(std::uint64_t letter) {
  return fmt::format("A/{:010}", letter);
}

Result<std::unique_ptr<Store>> open_store(const std::string& directory) {
  rocks::Options options;
  options.create = true;
  options.now = [] { return std::chrono::steady_clock::now(); };
  options.write_buffers_octets = 4_MiB;  // so that tables are written, too, when the kill comes
  return rocks::open(directory, std::move(options));
}

// ------------------------------------------------------------------------------------------------
// the child

runtime::Task<> write_on(Store& store, std::uint64_t letter) {
  for (;; letter += kWriters) {
    auto body = store.new_body();
    auto wrote = co_await body->write(octets_of(letter));
    CHECK(wrote);
    auto finished = co_await body->finish();
    CHECK(finished);
    BodyRef ref = body->ref();
    Batch batch;
    batch.take(std::move(body)).link(ref.id, "A").add("count", 1);
    batch.require_absent(key_of(letter))
        .put(key_of(letter), fmt::format("{} {}", ref.id.value, ref.size));
    batch.append("log", fmt::format("{:010}", letter));
    auto done = co_await store.commit(std::move(batch));
    CHECK(done && done->ok());
    std::string line = fmt::format("{}\n", letter);
    CHECK(::write(STDOUT_FILENO, line.data(), line.size()) == ssize_t(line.size()));
    if (letter % 100 == 3) (void)co_await store.sweep_bodies();
  }
}

int be_child(const Settings& settings) {
  auto opened = open_store(settings.directory);
  if (!opened) {
    std::fprintf(stderr, "%s\n", describe(opened.error()).c_str());
    return 1;
  }
  runtime::asio::WorkerPool workers({.threads = 2});
  runtime::asio::Loop loop(workers);
  runtime::Nursery nursery(loop);
  for (int w = 0; w < kWriters; ++w)
    nursery.spawn(write_on(**opened, std::uint64_t(settings.child) + std::uint64_t(w)));
  loop.run();  // until it is killed
  return 0;
}

// ------------------------------------------------------------------------------------------------
// the parent

struct Findings {
  std::uint64_t letters = 0;
  std::uint64_t missing = 0;
  std::uint64_t half = 0;
  std::string words;
};

runtime::Task<> look(Store& store, const std::set<std::uint64_t>& acknowledged, Findings& found,
                     runtime::asio::Loop& loop) {
  auto snapshot = store.snapshot();
  std::set<std::uint64_t> there;
  Range range = Range::prefix("A/");
  while (true) {
    auto records = co_await snapshot->scan(range, 1000);
    CHECK(records);
    for (const KeyValue& record : *records) {
      auto letter = to_number<std::uint64_t>(std::string_view(record.key).substr(2)).value();
      auto words = split(record.value, ' ');
      BodyRef ref{BodyId(to_number<std::uint64_t>(words[0]).value()),
                  to_number<std::uint64_t>(words[1]).value()};
      there.insert(letter);
      auto octets = co_await store.read_body(ref, 0, ref.size);
      if (octets && *octets == octets_of(letter)) continue;
      ++found.half;
      found.words = octets ? "other octets" : describe(octets.error());
    }
    if (records->size() < 1000) break;
    range.begin = records->back().key + '\0';
    snapshot = store.snapshot();
  }
  for (std::uint64_t letter : acknowledged) found.missing += !there.contains(letter);
  found.letters = there.size();
  auto count = co_await store.snapshot()->get("count");
  auto log = co_await store.snapshot()->get("log");
  CHECK(count && log);
  if (get_counter(count->value_or("")) != std::int64_t(there.size()) ||
      log->value_or("").size() != there.size() * 10) {
    ++found.half;
    found.words = "counter, log and letters differ";
  }
  loop.quit();
}

// Runs the child until it has printed some letters, and kills it. False: it could not begin.
bool run_child(const Settings& settings, std::uint64_t first, unsigned letters,
               std::set<std::uint64_t>& acknowledged) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    std::string number = std::to_string(first);
    execl("/proc/self/exe", "store_kill", "--dir", settings.directory.c_str(), "--child",
          number.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  std::string said;
  char some[4096];
  bool killed = false;
  unsigned lines = 0;
  while (true) {
    ssize_t n = read(ends[0], some, sizeof some);
    if (n <= 0) break;
    said.append(some, std::size_t(n));
    lines += unsigned(std::count(some, some + n, '\n'));
    if (!killed && lines >= letters) {
      kill(child, SIGKILL);
      killed = true;
    }
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  said.resize(said.rfind('\n') + 1);  // a line cut in two was not said
  for (std::string_view line : split(said, '\n'))
    if (auto letter = to_number<std::uint64_t>(line)) acknowledged.insert(*letter);
  return killed;
}

int be_parent(const Settings& settings) {
  runtime::sim::Random random(settings.seed);
  std::set<std::uint64_t> acknowledged;
  int failed = 0;
  for (int round = 1; round <= settings.kills; ++round) {
    std::uint64_t first = acknowledged.empty() ? 1 : *acknowledged.rbegin() + 1000;
    // A kill soon after the start, a later one, or one in the middle of tables being written.
    auto letters = static_cast<unsigned>(1 + random.below(random.chance(30) ? 10 : 1500));
    if (!run_child(settings, first, letters, acknowledged)) {
      std::printf("kill %d: the store could not be opened\n", round);
      return 1;
    }
    auto opened = open_store(settings.directory);
    if (!opened) {
      std::printf("kill %d: %s\n", round, describe(opened.error()).c_str());
      return 1;
    }
    Findings found;
    runtime::asio::WorkerPool workers({.threads = 1});
    runtime::asio::Loop loop(workers);
    {
      runtime::Nursery nursery(loop);
      nursery.spawn(look(**opened, acknowledged, found, loop));
      loop.run();
    }
    auto report = rocks::verify(**opened);
    std::uint64_t faults = report ? report->faults : 1;
    bool good = found.missing == 0 && found.half == 0 && faults == 0;
    failed += !good;
    std::printf(
        "kill %d after %u letters: %zu acknowledged, %llu there, %llu missing, %llu half, "
        "%llu faults %s\n",
        round, letters, acknowledged.size(), (unsigned long long)found.letters,
        (unsigned long long)found.missing, (unsigned long long)found.half,
        (unsigned long long)faults, found.words.c_str());
  }
  std::printf("%d passed, %d failed\n", settings.kills - failed, failed);
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace posta::store

int main(int count, char** words) {
  posta::store::Settings settings;
  for (int i = 1; i + 1 < count; i += 2) {
    std::string_view name = words[i];
    auto number = posta::to_number<int>(words[i + 1]).value_or(0);
    if (name == "--kills") settings.kills = number;
    if (name == "--seed") settings.seed = std::uint64_t(number);
    if (name == "--child") settings.child = number;
    if (name == "--dir") settings.directory = words[i + 1];
  }
  if (settings.child > 0) return posta::store::be_child(settings);
  bool own = settings.directory.empty();
  if (own) {
    char name[] = "/tmp/posta-kill-XXXXXX";
    CHECK(mkdtemp(name));
    settings.directory = name;
  }
  int status = posta::store::be_parent(settings);
  if (own && status == 0) std::filesystem::remove_all(settings.directory);
  return status;
}
