#include "guard/systemd.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "base/text.h"

namespace posta::guard {

namespace {

std::string one_line(std::string_view words) {
  std::string out(words);
  for (char& c : out)
    if (c == '\n' || c == '\r') c = ' ';
  return out;
}

bool for_this_process(const std::string& written, long pid) {
  return to_number<long>(written) == pid;
}

}  // namespace

std::optional<std::chrono::microseconds> watchdog_interval(const ServiceEnvironment& environment,
                                                           long pid) {
  if (!environment.watchdog_pid.empty() && !for_this_process(environment.watchdog_pid, pid))
    return std::nullopt;
  auto microseconds = to_number<std::int64_t>(environment.watchdog_usec);
  if (!microseconds || *microseconds <= 0) return std::nullopt;
  return std::chrono::microseconds(*microseconds);
}

Result<std::vector<InheritedSocket>> inherited_sockets(const ServiceEnvironment& environment,
                                                       long pid) {
  std::vector<InheritedSocket> out;
  if (environment.listen_fds.empty() || !for_this_process(environment.listen_pid, pid)) return out;
  auto count = to_number<int>(environment.listen_fds);
  if (!count || *count < 0 || *count > kInheritedMax)
    return fail(Error::Kind::config, "LISTEN_FDS makes no sense: " + environment.listen_fds);
  std::string_view names = environment.listen_fdnames;
  for (int i = 0; i < *count; ++i) {
    std::string_view name = names.substr(0, names.find(':'));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    out.push_back({kFirstInherited + i, name.empty() ? "unknown" : std::string(name)});
  }
  return out;
}

void Notifier::send(std::string_view lines) {
  if (!wanted()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  if (path_[0] == '@') address.sun_path[0] = '\0';  // the abstract name space, unix(7)
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  if (!socket_.valid()) socket_ = Descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sendto(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
         reinterpret_cast<sockaddr*>(&address), length);
}

void Notifier::ready(std::string_view status) {
  send(fmt::format("READY=1\nSTATUS={}", one_line(status)));
}

void Notifier::reloading(Instant now) {
  // sd_notify(3): for Type=notify-reload the moment is said too, on CLOCK_MONOTONIC.
  auto since = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", since.count()));
}

void Notifier::stopping() {
  send("STOPPING=1\nSTATUS=Finishing what was accepted");
}

void Notifier::status(std::string_view words) {
  send("STATUS=" + one_line(words));
}

}  // namespace posta::guard
