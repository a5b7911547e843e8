// admin_status.cc: posta status.

#include <fmt/ranges.h>

#include <filesystem>

#include "app/admin_common.h"
#include "app/figures.h"
#include "app/units.h"
#include "app/version.h"

namespace posta::app {

using boost::json::object;
using runtime::Task;

namespace {

std::string age_text(std::chrono::milliseconds age) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds >= 86400) return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
  if (seconds >= 3600) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  if (seconds >= 60) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} s", seconds);
}

// What `posta submit` wrote and no server has taken yet.
std::size_t letters_handed_in(const Config& config) {
  std::error_code error;
  std::size_t count = 0;
  std::filesystem::directory_iterator at(config.path("drop"), error), end;
  for (; !error && at != end; at.increment(error)) count += at->path().extension() == ".letter";
  return count;
}

}  // namespace

Task<Answer> status_command(House& house, const AdminOptions& options) {
  runtime::Executor& executor = co_await runtime::this_executor();
  const Live* live = house.live();
  std::size_t queued = house.queue().letters_owed();
  auto oldest = co_await oldest_letter(house);
  std::string wrong_now =
      live ? co_await trouble(house)
           : "not running; start it with: posta serve --dir " + house.config().directory;
  std::size_t handed_in = letters_handed_in(house.config());
  object json{{"version", kVersion},
              {"running", live != nullptr},
              {"host", house.config().hostname.str()},
              {"directory", house.config().directory},
              {"queue_letters", queued},
              {"drop_letters", handed_in},
              {"disk_free", house.store().disk_free()},
              {"trouble", wrong_now}};
  std::string words = fmt::format("posta {} on {}, {}\n", kVersion, house.config().hostname.str(),
                                  house.config().directory);
  if (live) {
    object sessions;
    std::string counts;
    for (const auto& [service, count] : live->sessions) {
      std::size_t now = count();
      sessions[service] = now;
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", service, now);
    }
    json["pid"] = live->process;
    json["since"] = time_text(live->since);
    json["uptime_seconds"] =
        std::chrono::duration_cast<std::chrono::seconds>(executor.wall() - live->since).count();
    json["listening"] = live->listening;
    json["sessions"] = sessions;
    json["memory"] = memory_octets();
    json["waiting_for_restart"] = boost::json::array(live->waiting.begin(), live->waiting.end());
    words += fmt::format(
        "running    since {} ({}), process {}, {} MiB of memory\nlistening  {}\nsessions   {}\n",
        time_text(live->since), age_text(executor.wall() - live->since), live->process,
        memory_octets() >> 20, live->listening, counts);
  }
  if (oldest) json["queue_oldest"] = time_text(*oldest);
  words += queued == 0 ? std::string("queue      empty\n")
                       : fmt::format("queue      {}{}\n", counted(queued, "letter"),
                                     oldest ? ", the oldest from " + time_text(*oldest) : "");
  if (handed_in > 0)
    words += fmt::format("drop       {} handed in, not taken yet\n", counted(handed_in, "letter"));
  words += fmt::format("disk       {} MiB free\n", house.store().disk_free() >> 20);
  if (live && !live->waiting.empty())
    words += fmt::format("waiting    {}: changed, and counts from the next start; restart it\n",
                         fmt::join(live->waiting, ", "));
  words += wrong_now.empty() ? std::string("all is well\n") : "WRONG      " + wrong_now + "\n";
  Answer answer = said(options.json, json, std::move(words));
  answer.exit = wrong_now.empty() ? 0 : 1;
  co_return answer;
}

}  // namespace posta::app
