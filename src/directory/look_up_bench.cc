// What a RCPT pays for the directory: an address that was asked for before.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <deque>
#include <span>

#include "directory/directory.h"
#include "directory/fold.h"
#include "runtime/sim/sim_executor.h"
#include "store/memory/memory_store.h"

namespace posta::directory {
namespace {

using runtime::sim::SimExecutor;

Task<> settle(store::Store& store, Directory& directory) {
  store::Batch batch;
  DomainInfo domain;
  domain.name = *Domain::parse("example.org");
  CHECK(co_await directory.prepare_add_domain(batch, domain));
  for (int i = 0; i < 100; ++i) {
    NewAccount account;
    account.address = *Address::parse(fmt::format("user{}@example.org", i));
    CHECK(co_await directory.prepare_add_account(batch, account));
  }
  auto done = co_await store.commit(std::move(batch));
  CHECK(done && done->ok());
}

Task<> ask(Directory& directory, std::span<const Address> addresses, benchmark::State& state) {
  std::size_t i = 0;
  while (state.KeepRunning()) {
    auto entry = co_await directory.look_up(addresses[i++ % addresses.size()]);
    benchmark::DoNotOptimize(entry);
  }
}

std::vector<Address> addresses_of(std::string_view format, std::size_t count) {
  std::vector<Address> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(*Address::parse(fmt::format(fmt::runtime(format), i)));
  return out;
}

void bench(benchmark::State& state, std::string_view format, std::size_t count) {
  SimExecutor executor(1);
  store::memory::Disk disk(1);
  auto store = *store::memory::open(disk, executor);
  Directory directory(*store, Limits{});
  executor.run_task(settle(*store, directory));
  auto addresses = addresses_of(format, count);
  executor.run_task(ask(directory, addresses, state));
}

BENCHMARK_CAPTURE(bench, hot, "user{}@example.org", 100);
BENCHMARK_CAPTURE(bench, hot_subaddress, "user{}+lists@example.org", 100);
BENCHMARK_CAPTURE(bench, hot_unknown, "nobody{}@example.org", 100);
BENCHMARK_CAPTURE(bench, never_seen_unknown, "nobody{}@example.org", 400'000);

void fold(benchmark::State& state, std::string_view local) {
  for (auto _ : state) benchmark::DoNotOptimize(fold_local(local));
}
BENCHMARK_CAPTURE(fold, ascii, "Firstname.Lastname");
BENCHMARK_CAPTURE(fold, unicode, "Grüße.Straße");

}  // namespace
}  // namespace posta::directory
