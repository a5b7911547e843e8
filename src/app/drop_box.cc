#include "app/drop_box.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "app/files.h"
#include "base/text.h"
#include "mta/queue/taken.h"
#include "runtime/sleep.h"
#include "runtime/worker.h"

namespace posta::app {

namespace fs = std::filesystem;
using runtime::Task;

// A letter's file as a look at the directory found it.
struct DropBox::Found {
  std::string id;
  std::chrono::seconds age{0};
  std::string wrong;  // why it must not be read; empty: nothing
};

namespace {

constexpr std::string_view kLetter = ".letter";

// A letter is the server's, or root's, and nobody else may write it.
std::string wrong_with(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return "it is not a plain file";
  if (status.st_uid != geteuid() && status.st_uid != 0) return "it belongs to somebody else";
  if (status.st_mode & 022) return "others may write it";
  return {};
}

std::string bad_folder(const std::string& folder) {
  return folder + "/bad";
}

// Moves a letter aside with the reason beside it.
Result<> put_aside(const std::string& folder, const std::string& id, const std::string& why) {
  std::string bad = bad_folder(folder);
  if (mkdir(bad.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(Error::Kind::unavailable, "cannot make " + bad + ": " + strerror(errno));
  TRY_VOID(write_file_whole(bad + "/" + id + ".reason", why));
  std::string from = folder + "/" + id + std::string(kLetter);
  if (rename(from.c_str(), (bad + "/" + id + std::string(kLetter)).c_str()) != 0)
    return fail(Error::Kind::unavailable, "cannot move " + from + ": " + strerror(errno));
  return sync_folder(folder);
}

Result<> remove_letter(const std::string& folder, const std::string& id) {
  std::string path = folder + "/" + id + std::string(kLetter);
  if (unlink(path.c_str()) != 0 && errno != ENOENT)
    return fail(Error::Kind::unavailable, "cannot remove " + path + ": " + strerror(errno));
  return {};
}

}  // namespace

DropBox::DropBox(House& house, DropLimits limits)
    : house_(house),
      limits_(limits),
      door_({house.intake(), house.directory(), house.log()}),
      folder_(house.config().path("drop")) {}

void DropBox::trouble(const Error& error) {
  if (error.what == last_trouble_) return;  // once a second would tell nothing new
  last_trouble_ = error.what;
  house_.log().emit({"drop.trouble", {{"error", error.what}}, Severity::error});
}

Task<> DropBox::run(runtime::Stop& stop) {
  do {
    co_await look(stop);
  } while (co_await runtime::sleep_for(limits_.look_every, &stop));
}

Task<> DropBox::look(runtime::Stop& stop) {
  runtime::Executor& executor = co_await runtime::this_executor();
  WallTime now = executor.wall();
  auto list = [folder = folder_, now, limits = limits_]() -> std::vector<Found> {
    std::vector<Found> out;
    DIR* directory = opendir(folder.c_str());
    if (!directory) return out;  // nobody has handed in anything yet
    while (const dirent* entry = readdir(directory)) {
      std::string name = entry->d_name;
      struct stat status{};
      if (fstatat(dirfd(directory), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      auto age = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()) -
                 std::chrono::seconds(status.st_mtime);
      if (name.ends_with(".new") && age > limits.left_over_after)
        unlinkat(dirfd(directory), name.c_str(), 0);
      if (!name.ends_with(kLetter)) continue;
      std::string id = name.substr(0, name.size() - kLetter.size());
      if (ops::is_drop_id(id)) out.push_back({std::move(id), age, wrong_with(status)});
    }
    closedir(directory);
    std::ranges::sort(out, [](const Found& a, const Found& b) { return a.age > b.age; });
    return out;
  };
  auto listed = co_await runtime::on_worker(list);
  if (!listed) co_return;  // too busy: at the next look
  std::set<std::string> there;
  for (const Found& found : *listed) there.insert(found.id);
  std::erase_if(waiting_, [&](const auto& one) { return !there.contains(one.first); });
  std::size_t taken = 0;
  for (const Found& found : *listed) {
    if (stop.requested() || ++taken > limits_.letters_at_a_time) break;
    auto waits = waiting_.find(found.id);
    if (waits == waiting_.end() || waits->second <= executor.now()) co_await take(found);
  }
  if (executor.now() < receipts_at_) co_return;
  receipts_at_ = executor.now() + std::chrono::hours(1);
  auto forgotten =
      co_await mta::forget_taken(house_.store(), now - limits_.receipt_life, std::move(there));
  if (!forgotten) trouble(forgotten.error());
}

Task<> DropBox::take(const Found& found) {
  if (!found.wrong.empty())
    co_return co_await settle(found, {ops::Handed::What::refused, found.wrong + "\n"});
  auto read = [path = folder_ + "/" + found.id + std::string(kLetter),
               most = house_.config().message_octets_max + ops::kDropHeadOctetsMax] {
    return read_file(path, most);
  };
  auto file = co_await runtime::on_worker(read);
  if (!file) co_return;
  if (!*file && file->error().is(Error::Kind::limit))
    co_return co_await settle(found, {ops::Handed::What::refused, file->error().what + "\n"});
  if (!*file) co_return trouble(file->error());
  ops::Handed handed = co_await door_.take(found.id, **std::move(file));
  if (handed.what == ops::Handed::What::later && found.age > limits_.life)
    handed = {ops::Handed::What::refused, "it has waited too long: " + handed.why};
  co_await settle(found, std::move(handed));
}

Task<> DropBox::settle(const Found& found, ops::Handed handed) {
  runtime::Executor& executor = co_await runtime::this_executor();
  Events& events = house_.log();
  if (handed.what == ops::Handed::What::later) {
    waiting_[found.id] = executor.now() + limits_.again_after;
    events.emit(
        {"drop.letter.later", {{"file", found.id}, {"why", std::string(trim(handed.why))}}});
    co_return;
  }
  bool whole = handed.what == ops::Handed::What::taken && handed.why.empty();
  if (!whole)
    events.emit({"drop.letter.refused",
                 {{"file", found.id}, {"why", std::string(trim(handed.why))}},
                 Severity::warning});
  auto move = [folder = folder_, id = found.id, why = handed.why, whole]() -> Result<> {
    return whole ? remove_letter(folder, id) : put_aside(folder, id, why);
  };
  auto moved = co_await runtime::on_worker(move);
  Result<> done = moved ? *moved : Result<>(Failure(moved.error()));
  if (done) co_return;
  // It is taken or refused, whatever the disk says: no second letter comes of it.
  waiting_[found.id] = executor.now() + limits_.again_after;
  trouble(done.error());
}

}  // namespace posta::app
