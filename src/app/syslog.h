// syslog.h: lines to the system's log: one datagram each, to its Unix socket.
//
//   <22>Nov 21 05:14:51 posta/smtp[71]: 6T5KQ8W3D0V7: letter.accepted: ...
//
// The old form (RFC 3164 §4.1), which every syslogd understands, with the facility mail (2).
// Whoever does not listen hears nothing: the next line tries again. One thread.
#pragma once

#include <string>
#include <string_view>

#include "mail/time.h"

namespace posta::app {

class Syslog {
 public:
  explicit Syslog(std::string socket) : path_(std::move(socket)) {}
  Syslog(const Syslog&) = delete;
  Syslog& operator=(const Syslog&) = delete;
  ~Syslog();

  // `priority` is the severity of RFC 5424 §6.2.1. False: nobody took it.
  bool say(int priority, WallTime time, std::string_view text);

 private:
  bool connect();
  std::string path_;
  int socket_ = -1;
};

}  // namespace posta::app
