#include "app/figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "app/version.h"

namespace posta::app {

using ops::gauge;
using ops::Metric;
using runtime::Task;

namespace {

double seconds_of(std::chrono::milliseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

}  // namespace

Octets memory_octets() {
  std::ifstream file("/proc/self/statm");
  Octets pages = 0, resident = 0;
  if (file >> pages >> resident) return resident * static_cast<Octets>(sysconf(_SC_PAGESIZE));
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return static_cast<Octets>(use.ru_maxrss) * 1024;
}

Task<std::optional<WallTime>> oldest_letter(House& house) {
  if (house.queue().letters_owed() == 0) co_return std::nullopt;
  auto letters = co_await house.queue().list(QueueId(), 1);  // ids grow with time
  if (!letters || letters->empty()) co_return std::nullopt;
  co_return letters->front().letter.origin.received;
}

Task<std::vector<Metric>> figures(House& house) {
  runtime::Executor& executor = co_await runtime::this_executor();
  std::vector<Metric> out = house.counters().metrics();
  Metric info = gauge("posta_info", "Which posta this is", 1);
  info.samples.front().labels = {{"version", std::string(kVersion)}};
  out.push_back(std::move(info));
  if (const Live* live = house.live()) {
    out.push_back(gauge("posta_start_time_seconds", "When the server started, since 1970",
                        seconds_of(live->since.time_since_epoch())));
    Metric sessions{"posta_sessions", "Sessions now, by service", Metric::Kind::gauge, {}};
    for (const auto& [service, count] : live->sessions)
      sessions.samples.push_back({{{"service", service}}, static_cast<double>(count())});
    out.push_back(std::move(sessions));
  }
  out.push_back(gauge("posta_queue_letters", "Letters that are owed to somebody",
                      static_cast<double>(house.queue().letters_owed())));
  auto oldest = co_await oldest_letter(house);
  out.push_back(gauge("posta_queue_oldest_seconds", "Age of the oldest letter in the queue",
                      oldest ? seconds_of(executor.wall() - *oldest) : 0));
  out.push_back(gauge("posta_disk_free_octets", "Free on the disk of the store",
                      static_cast<double>(house.store().disk_free())));
  out.push_back(gauge("posta_disk_reserve_octets", "With less free, new mail is put off",
                      static_cast<double>(house.store().limits().disk_free_min)));
  out.push_back(
      gauge("posta_memory_octets", "Memory of the server", static_cast<double>(memory_octets())));
  Metric dropped =
      gauge("posta_log_lines_dropped_total", "Lines that the log's reader did not take",
            static_cast<double>(house.log_lines().dropped()));
  dropped.kind = Metric::Kind::counter;
  out.push_back(std::move(dropped));
  co_return out;
}

Task<std::string> trouble(House& house) {
  if (house.store().short_of_disk())
    co_return fmt::format("the disk is short: {} MiB are free, new mail is put off below {} MiB",
                          house.store().disk_free() >> 20,
                          house.store().limits().disk_free_min >> 20);
  auto system = co_await house.directory().system();
  if (!system) co_return "the store does not answer: " + system.error().what;
  co_return "";
}

}  // namespace posta::app
