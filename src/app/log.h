// log.h: the log: one line an event, for people or for programs, to standard error.
//
//   2026-11-21T05:14:51.003Z mail posta/smtp[71]: 6T5KQ8W3D0V7: letter.accepted:
//   from=<bob@example.net>, size=412, reply="250 2.0.0 Accepted"
//   {"time":"2026-11-21T05:14:51.003Z","event":"intake.letter.accepted","severity":"info",…}
//
// To standard error, from where journald takes it (with JOURNAL_STREAM each line begins with its
// priority, <6>), or to syslog (syslog.h). emit() formats and puts into a bounded buffer; a thread
// writes. If the reader is too slow, lines are dropped and counted, and the count is logged: the
// server never waits for its log.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "app/config.h"
#include "app/syslog.h"
#include "base/events.h"
#include "base/limits.h"
#include "runtime/executor.h"

namespace posta::app {

class Log final : public Events {
 public:
  struct Options {
    bool json = false;
    Severity level = Severity::info;
    bool priorities = false;  // <6> in front, for journald
    std::string host;
    int descriptor = 2;
    std::string syslog;  // its socket; empty: lines go to the descriptor
    Octets buffer_octets_max = 1_MiB;
    bool at_once = false;  // emit() itself writes and may wait: for a process of one thread
  };
  // The clock is the executor's; it must outlive the log.
  Log(runtime::Executor& clock, Options options);
  ~Log() override;  // writes what is buffered

  void emit(const Event& event) override;
  // Of all lines from now on. Any thread.
  void configure(bool json, Severity level) {
    json_ = json;
    level_ = level;
  }
  // Lines that nobody took: the reader was too slow, or there was none.
  std::uint64_t dropped() const { return dropped_in_all_.load(); }

 private:
  std::string format(const Event& event) const;
  void write_for_ever();
  void write(std::string_view lines);
  void write_to_syslog(std::string_view lines);

  runtime::Executor& clock_;
  const Options options_;
  std::atomic<bool> json_;
  std::atomic<Severity> level_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string buffer_;
  std::uint64_t dropped_ = 0;
  std::atomic<std::uint64_t> dropped_in_all_{0};
  bool closing_ = false;
  Syslog syslog_;  // the writer's
  std::thread writer_;
};

// As the configuration says.
Log::Options log_options(const Config& config);

Severity parse_severity(std::string_view name);

}  // namespace posta::app
