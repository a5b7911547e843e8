#include "app/syslog.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace posta::app {

namespace {

constexpr int kFacilityMail = 2;
// Longer lines are cut: RFC 5424 §6.1 lets a receiver cut at 2048 and more.
constexpr std::size_t kLineOctetsMax = 2048;
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

Syslog::~Syslog() {
  if (socket_ >= 0) close(socket_);
}

bool Syslog::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  if (socket_ >= 0) close(socket_);
  socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return socket_ >= 0 &&
         ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

bool Syslog::say(int priority, WallTime time, std::string_view text) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::string line =
      fmt::format("<{}>{} {:>2} {:02}:{:02}:{:02} {}", kFacilityMail * 8 + priority,
                  kMonths[unsigned(date.month()) - 1], unsigned(date.day()), clock.hours().count(),
                  clock.minutes().count(), clock.seconds().count(), text);
  if (line.size() > kLineOctetsMax) line.resize(kLineOctetsMax);
  for (int attempt = 0; attempt < 2; ++attempt) {
    if ((socket_ >= 0 || connect()) &&
        send(socket_, line.data(), line.size(), MSG_NOSIGNAL) == ssize_t(line.size()))
      return true;
    if (socket_ >= 0) close(std::exchange(socket_, -1));  // it was restarted: find it again
  }
  return false;
}

}  // namespace posta::app
