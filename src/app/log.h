// log.h: the log: one line an event, for people or for programs, to standard error.
//
//   2026-11-21T05:14:51.003Z mail posta/smtp[71]: 6T5KQ8W3D0V7: letter.accepted:
//   from=<bob@example.net>, size=412
//   {"time":"2026-11-21T05:14:51.003Z","event":"intake.letter.accepted","severity":"info",…}
//
// journald and syslog take standard error from the service; with JOURNAL_STREAM each line begins
// with its priority (<6>). emit() formats and puts into a bounded buffer; a thread writes. If the
// reader is too slow, lines are dropped and counted, and the count is logged: the server never
// waits for its log.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

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
    Octets buffer_octets_max = 1_MiB;
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

 private:
  std::string format(const Event& event) const;
  void write_for_ever();

  runtime::Executor& clock_;
  const Options options_;
  std::atomic<bool> json_;
  std::atomic<Severity> level_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string buffer_;
  std::uint64_t dropped_ = 0;
  bool closing_ = false;
  std::thread writer_;
};

Severity parse_severity(std::string_view name);

}  // namespace posta::app
