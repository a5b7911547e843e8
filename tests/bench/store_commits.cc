// store_commits.cc: durable commits a second, as a delivery makes them.
//
//   store_commits --writers 16 --body 4096 --keys 6 --seconds 5 --loops 1 --dir D
//
// Each writer is a task that makes a body and commits it with small keys, again and again, over
// one account each. Prints one line: commits/s, latency, CPU and octets on disk per commit.
#include <sys/resource.h>

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/text.h"
#include "runtime/asio/loop.h"
#include "runtime/nursery.h"
#include "store/rocksdb/open.h"

namespace posta::store {
namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  int writers = 16;
  int loops = 1;
  std::size_t body = 4096;  // octets
  int keys = 6;
  int key_octets = 100;  // of the value of each key
  int seconds = 5;
  bool sync = true;
  std::string directory;
};

bool parse(int count, char** words, Settings& to) {
  for (int i = 1; i + 1 < count; i += 2) {
    std::string_view name = words[i];
    std::string_view value = words[i + 1];
    auto number = to_number<int>(value);
    if (name == "--dir") {
      to.directory = value;
    } else if (!number) {
      return false;
    } else if (name == "--writers") {
      to.writers = *number;
    } else if (name == "--loops") {
      to.loops = *number;
    } else if (name == "--body") {
      to.body = static_cast<std::size_t>(*number);
    } else if (name == "--keys") {
      to.keys = *number;
    } else if (name == "--key-octets") {
      to.key_octets = *number;
    } else if (name == "--seconds") {
      to.seconds = *number;
    } else if (name == "--sync") {
      to.sync = *number != 0;
    } else {
      return false;
    }
  }
  return count % 2 == 1 && !to.directory.empty();
}

// Words as in mail: compresses to a little less than half.
std::string mail_text(std::size_t octets, std::uint64_t seed) {
  std::string out;
  out.reserve(octets + 16);
  while (out.size() < octets) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    std::uint64_t word = (seed >> 33) % 4096;
    word = word * word / 4096;  // some words are common
    std::uint64_t letters = word * 2654435761u;
    for (std::uint64_t k = 0; k < 2 + word % 9; ++k) {
      out += static_cast<char>('a' + letters % 26);
      letters /= 7;
    }
    out += (seed >> 50) % 12 == 0 ? '\n' : ' ';
  }
  out.resize(octets);
  return out;
}

struct Shared {
  const Settings& settings;
  Store& store;
  Clock::time_point end;
  std::vector<std::string> texts;
};

runtime::Task<> write_on(Shared& shared, int writer, std::vector<double>& milliseconds) {
  const Settings& settings = shared.settings;
  std::uint64_t letter = 0;
  while (Clock::now() < shared.end) {
    auto since = Clock::now();
    auto body = shared.store.new_body();
    std::string octets = shared.texts[(letter * 31 + std::uint64_t(writer)) % shared.texts.size()];
    auto wrote = co_await body->write(std::move(octets));
    CHECK(wrote);
    auto finished = co_await body->finish();
    CHECK(finished);
    Batch batch;
    BodyId id = body->ref().id;
    batch.take(std::move(body)).link(id, fmt::format("A/{}", writer));
    for (int k = 1; k < settings.keys; ++k)
      batch.put(fmt::format("A/{:08}/{}/{:012}", writer, k, letter),
                shared.texts[letter % 64].substr(0, std::size_t(settings.key_octets)));
    batch.at_turn(Partition(writer) + 100, [](Turn&) { return kAccept; });
    auto done = co_await shared.store.commit(std::move(batch));
    if (!done) std::fprintf(stderr, "%s\n", describe(done.error()).c_str());
    CHECK(done && done->ok());
    ++letter;
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - since).count());
  }
}

runtime::Task<> run_writers(Shared& shared, int first, std::vector<std::vector<double>>& times,
                            runtime::asio::Loop& loop) {
  runtime::Nursery writers(loop);
  for (int w = first; w < shared.settings.writers; w += shared.settings.loops)
    writers.spawn(write_on(shared, w, times[std::size_t(w)]));
  co_await writers.join();
  loop.quit();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](timeval t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t octets_below(const std::string& directory) {
  std::uint64_t octets = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) octets += entry.file_size();
  return octets;
}

int run(const Settings& settings) {
  std::filesystem::remove_all(settings.directory);
  std::filesystem::create_directories(settings.directory);
  rocks::Options options;
  options.create = true;
  options.now = [] { return Clock::now(); };
  options.sync = settings.sync;
  auto opened = rocks::open(settings.directory, std::move(options));
  if (!opened) {
    std::fprintf(stderr, "%s\n", describe(opened.error()).c_str());
    return 1;
  }
  Shared shared{settings, **opened, Clock::now() + std::chrono::seconds(settings.seconds), {}};
  for (std::uint64_t i = 0; i < 1024; ++i) shared.texts.push_back(mail_text(settings.body, i + 1));
  std::vector<std::vector<double>> times(std::size_t(settings.writers));
  runtime::asio::WorkerPool workers({.threads = 2});
  auto since = Clock::now();
  double cpu_since = cpu_seconds();
  shared.end = since + std::chrono::seconds(settings.seconds);
  std::vector<std::thread> threads;
  for (int l = 0; l < settings.loops; ++l) {
    threads.emplace_back([&, l] {
      runtime::asio::Loop loop(workers);
      runtime::Nursery nursery(loop);
      nursery.spawn(run_writers(shared, l, times, loop));
      loop.run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  double seconds = std::chrono::duration<double>(Clock::now() - since).count();
  double cpu = cpu_seconds() - cpu_since;
  std::vector<double> all;
  for (const auto& some : times) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  auto count = static_cast<double>(all.size());
  auto at = [&](double part) { return all[std::size_t(part * (count - 1))]; };
  opened->reset();
  std::printf(
      "%d writers, %d loops, body %zu, %d keys: %.0f commits/s, p50 %.2f ms, p99 %.2f ms, "
      "CPU %.1f us a commit, %.0f octets on disk a commit\n",
      settings.writers, settings.loops, settings.body, settings.keys, count / seconds, at(0.5),
      at(0.99), cpu * 1e6 / count, double(octets_below(settings.directory)) / count);
  return 0;
}

}  // namespace
}  // namespace posta::store

int main(int count, char** words) {
  posta::store::Settings settings;
  if (!posta::store::parse(count, words, settings)) {
    std::fprintf(stderr,
                 "usage: store_commits --dir D [--writers 16] [--loops 1] [--body 4096] [--keys 6] "
                 "[--key-octets 100] [--seconds 5] [--sync 1]\n");
    return 2;
  }
  return posta::store::run(settings);
}
