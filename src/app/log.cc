#include "app/log.h"

#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>

#include "base/text.h"

namespace posta::app {

namespace {

constexpr std::chrono::milliseconds kGatherTime{2};

const char* to_string(Severity severity) {
  switch (severity) {
    case Severity::debug: return "debug";
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "info";
}

int priority(Severity severity) {  // of syslog, RFC 5424 §6.2.1
  switch (severity) {
    case Severity::debug: return 7;
    case Severity::info: return 6;
    case Severity::warning: return 4;
    case Severity::error: return 3;
  }
  return 6;
}

// 2026-11-21T05:14:51.003Z (RFC 3339 §5.6)
void append_time(std::string& out, WallTime time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                 int(date.year()), unsigned(date.month()), unsigned(date.day()),
                 clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                 clock.subseconds().count());
}

// A value that could be read as more fields, or as an escape, stands in quotes.
std::string value_text(const Field& field) {
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return std::to_string(*number);
  const auto& text = std::get<std::string>(field.value);
  if (text.find_first_of(", =\"\\") == std::string::npos) return printable(text);
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return printable(out + "\"");
}

void append_json(std::string& out, std::string_view name, const std::string& text) {
  fmt::format_to(
      std::back_inserter(out), ",\"{}\":{}", name,
      boost::json::serialize(boost::json::string(is_utf8(text) ? text : printable(text))));
}

}  // namespace

Log::Options log_options(const Config& config) {
  Log::Options out;
  out.json = config.log_format == "json";
  out.level = parse_severity(config.log_level);
  out.priorities = std::getenv("JOURNAL_STREAM") != nullptr;
  if (config.log_to == "syslog") out.syslog = config.log_syslog_socket;
  out.host = config.hostname.str();
  return out;
}

Severity parse_severity(std::string_view name) {
  for (Severity s : {Severity::debug, Severity::info, Severity::warning, Severity::error})
    if (name == to_string(s)) return s;
  return Severity::info;
}

Log::Log(runtime::Executor& clock, Options options)
    : clock_(clock),
      options_(std::move(options)),
      json_(options_.json),
      level_(options_.level),
      syslog_(options_.syslog) {
  if (!options_.at_once) writer_ = std::thread([this] { write_for_ever(); });
}

Log::~Log() {
  if (!writer_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  writer_.join();
}

std::string Log::format(const Event& event) const {
  std::string out;
  out.reserve(200);
  bool priorities = options_.priorities || !options_.syslog.empty();
  if (priorities) fmt::format_to(std::back_inserter(out), "<{}>", priority(event.severity));
  if (json_) {
    if (!options_.syslog.empty()) fmt::format_to(std::back_inserter(out), "posta[{}]: ", getpid());
    out += "{\"time\":\"";
    append_time(out, clock_.wall());
    fmt::format_to(std::back_inserter(out), "\",\"event\":\"{}\",\"severity\":\"{}\"", event.name,
                   to_string(event.severity));
    for (const Field& field : event.fields) {
      if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
        fmt::format_to(std::back_inserter(out), ",\"{}\":{}", field.name, *number);
      } else {
        append_json(out, field.name, std::get<std::string>(field.value));
      }
    }
    return out + "}\n";
  }
  auto dot = event.name.find('.');
  if (!priorities) {
    append_time(out, clock_.wall());
    fmt::format_to(std::back_inserter(out), " {} ", options_.host);
  }
  fmt::format_to(std::back_inserter(out), "posta/{}[{}]: ", event.name.substr(0, dot), getpid());
  bool first = true;
  for (const Field& field : event.fields)
    if (field.name == "queue_id") out += value_text(field) + ": ";
  if (event.severity >= Severity::warning)
    fmt::format_to(std::back_inserter(out), "{}: ", to_string(event.severity));
  out += dot == std::string_view::npos ? event.name : event.name.substr(dot + 1);
  for (const Field& field : event.fields) {
    if (field.name == "queue_id") continue;
    fmt::format_to(std::back_inserter(out), "{}{}={}", std::exchange(first, false) ? ": " : ", ",
                   field.name, value_text(field));
  }
  return out + "\n";
}

void Log::emit(const Event& event) {
  if (event.severity < level_.load()) return;
  std::string line = format(event);
  if (options_.at_once) return options_.syslog.empty() ? write(line) : write_to_syslog(line);
  bool was_empty;
  {
    std::lock_guard lock(mutex_);
    if (buffer_.size() + line.size() > options_.buffer_octets_max) {
      ++dropped_;
      ++dropped_in_all_;
      return;
    }
    was_empty = buffer_.empty();
    buffer_ += line;
  }
  if (was_empty) wake_.notify_one();
}

void Log::write_for_ever() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !buffer_.empty(); });
    // Lines come in bursts: those of a few milliseconds are one write.
    wake_.wait_for(lock, kGatherTime, [this] { return closing_; });
    std::string lines = std::exchange(buffer_, {});
    std::uint64_t dropped = std::exchange(dropped_, 0);
    bool last = closing_;
    lock.unlock();
    if (dropped > 0)
      lines += format({"log.lines.dropped", {{"lines", dropped}}, Severity::warning});
    options_.syslog.empty() ? write(lines) : write_to_syslog(lines);
    lock.lock();
    if (last && buffer_.empty()) return;
  }
}

void Log::write(std::string_view lines) {
  while (!lines.empty()) {
    ssize_t n = ::write(options_.descriptor, lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody reads the log; nothing can be said about it
    lines.remove_prefix(static_cast<std::size_t>(n));
  }
}

// Each line begins with its priority, "<6>".
void Log::write_to_syslog(std::string_view lines) {
  WallTime now = clock_.wall();
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() + 1);
    int priority = line[1] - '0';
    if (!syslog_.say(priority, now, line.substr(3))) ++dropped_in_all_;
  }
}

}  // namespace posta::app
