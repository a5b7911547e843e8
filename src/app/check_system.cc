#include "app/check_system.h"

#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/descriptors.h"
#include "app/handed.h"
#include "app/units.h"

namespace posta::app {

namespace fs = std::filesystem;

namespace {

// The inode of the socket that listens on the port, in /proc/net/tcp or tcp6; 0: none.
std::uint64_t listening_inode(const char* table, std::uint16_t port) {
  std::ifstream file(table);
  std::string line;
  std::string ending = fmt::format(":{:04X}", port);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string number, local, remote, state, word;
    words >> number >> local >> remote >> state;
    if (state != "0A" || !local.ends_with(ending)) continue;  // 0A: listening
    for (int i = 0; i < 5; ++i) words >> word;
    std::uint64_t inode = 0;
    if (words >> inode) return inode;
  }
  return 0;
}

std::string name_of(const fs::path& process) {
  std::ifstream file(process / "comm");
  std::string name;
  std::getline(file, name);
  return fmt::format("{} (process {})", name, process.filename().string());
}

}  // namespace

std::string who_listens(std::uint16_t port) {
  std::uint64_t inode = listening_inode("/proc/net/tcp", port);
  if (!inode) inode = listening_inode("/proc/net/tcp6", port);
  if (!inode) return {};
  std::string wanted = fmt::format("socket:[{}]", inode);
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code inner;
    for (fs::directory_iterator fd(at->path() / "fd", inner), last; !inner && fd != last;
         fd.increment(inner)) {
      std::error_code gone;
      if (fs::read_symlink(fd->path(), gone).string() == wanted) return name_of(at->path());
    }
  }
  return "a process of another user; root sees which";
}

void check_files(Findings& findings, const Config& config) {
  struct stat status{};
  if (stat(config.directory.c_str(), &status) != 0) {
    findings.bad(config.directory + " is not there; posta quickstart makes a server directory");
    return;
  }
  if (status.st_mode & 022) {
    findings.bad("others may write into " + config.directory + "; run: chmod 700 " +
                 config.directory);
  } else if (status.st_mode & 077) {
    findings.bad(config.directory + " can be opened by others; run: chmod 700 " + config.directory);
  } else {
    findings.good(config.directory + " belongs to its owner alone");
  }
  // What holds mail or secrets is for its owner's eyes.
  std::size_t open = 0;
  std::string example;
  std::error_code error;
  fs::recursive_directory_iterator at(config.directory, error), end;
  for (; !error && at != end; at.increment(error)) {
    if (lstat(at->path().c_str(), &status) != 0 || S_ISLNK(status.st_mode)) continue;
    if (!(status.st_mode & 022) && !(S_ISREG(status.st_mode) && (status.st_mode & 077))) continue;
    if (++open == 1) example = at->path().string();
  }
  if (open > 0)
    findings.bad(
        fmt::format("{} can be read or written by others, such as {}; run: chmod -R "
                    "go-rwx {}",
                    counted(open, "file"), example, config.directory));
  std::size_t refused = 0;
  for (fs::directory_iterator bad(config.path("drop/bad"), error), last; !error && bad != last;
       bad.increment(error))
    refused += bad->path().extension() == ".reason";
  if (refused > 0)
    findings.note(fmt::format("{} handed in and refused: in {}, each with its .reason beside it",
                              counted(refused, "letter"), config.path("drop/bad")));
}

void check_readable(Findings& findings, const Config& config, const guard::Identity& who) {
  std::vector<std::string> files = private_files(config);
  files.insert(files.begin(), config.path("posta.toml"));
  for (const std::string& file : files) {
    std::string closed = guard::closed_on_the_way(file, who);
    if (closed.empty()) continue;
    std::string what =
        closed == file ? fmt::format("{} cannot be read by {}; run: chown {}: {}", file, who.name,
                                     who.name, file)
                       : fmt::format(
                             "{} is closed to {}, who could not read {}; put it elsewhere, or open "
                             "the folder to {}",
                             closed, who.name, file, who.name);
    findings.note(what +
                  " (a server that root starts reads it all the same; systemd's unit starts "
                  "it as " +
                  who.name + ")");
  }
}

std::uint64_t open_files_wanted(const Config& config) {
  return config.smtp_sessions_max + config.submission_sessions_max + config.pop3_sessions_max +
         config.imap_sessions_max + kStoreFiles + kOtherFiles;
}

void check_open_files(Findings& findings, const Config& config) {
  const std::uint64_t most = descriptors_max();
  const std::uint64_t wanted = open_files_wanted(config);
  const std::uint64_t sessions = descriptors_for_sessions(most, 0);
  if (most >= wanted) {
    findings.good(fmt::format("{} files may be open", most));
  } else if (most < kStoreFiles + kOtherFiles + 100) {
    findings.bad(
        fmt::format("only {} files may be open: too few for the store, and who comes beyond {} "
                    "sessions is turned away; raise the limit to {}: LimitNOFILE= in the unit, or "
                    "ulimit -Hn",
                    most, sessions, wanted));
  } else {
    findings.note(
        fmt::format("{} files may be open: who comes beyond about {} sessions is turned away, "
                    "whatever posta.toml allows; for all of them raise the limit to {}: "
                    "LimitNOFILE= in the unit, or ulimit -Hn",
                    most, sessions, wanted));
  }
}

void check_clock(Findings& findings) {
  timex state{};
  int clock = adjtimex(&state);
  constexpr time_t kEarliest = 1'767'225'600;  // 2026-01-01: this program is younger
  if (state.time.tv_sec != 0 && state.time.tv_sec < kEarliest) {
    findings.bad(
        "the clock stands before 2026; set it, and run an NTP client (systemd-timesyncd, "
        "chrony): mail, certificates and retries go by it");
  } else if (clock == TIME_ERROR || (state.status & STA_UNSYNC)) {
    findings.note("nobody keeps the clock right; run an NTP client (systemd-timesyncd, chrony)");
  } else {
    findings.good("the clock is kept right");
  }
}

}  // namespace posta::app
