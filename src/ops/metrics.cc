#include "ops/metrics.h"

#include <fmt/format.h>

#include <cmath>

namespace posta::ops {

namespace {

std::int64_t number_of(const Event& event, std::string_view name) {
  for (const Field& field : event.fields)
    if (field.name == name)
      if (const auto* number = std::get_if<std::int64_t>(&field.value)) return *number;
  return 0;
}

std::string_view text_of(const Event& event, std::string_view name) {
  for (const Field& field : event.fields)
    if (field.name == name)
      if (const auto* text = std::get_if<std::string>(&field.value)) return *text;
  return {};
}

// Where people log in, and what comes of it: each is a series from the start, so that a rise from
// nothing is seen.
constexpr std::string_view kLoginServices[] = {"imap", "pop3", "pop3s", "submission",
                                               "submissions"};
constexpr std::string_view kLoginResults[] = {"accepted", "refused"};
constexpr std::string_view kLoginEvent = "server.login.";

void escape(std::string& out, std::string_view text, bool label) {
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (label && c == '"')) out += '\\';
    out += c;
  }
}

std::string number(double value) {
  double whole = std::trunc(value);
  if (whole == value && std::abs(value) < 1e15)
    return fmt::format("{}", static_cast<std::int64_t>(value));
  return fmt::format("{}", value);  // as many digits as it has
}

Metric counter(std::string name, std::string help) {
  return {std::move(name), std::move(help), Metric::Kind::counter, {}};
}

}  // namespace

Metric gauge(std::string name, std::string help, double value) {
  return {std::move(name), std::move(help), Metric::Kind::gauge, {{{}, value}}};
}

std::string print_metrics(const std::vector<Metric>& metrics) {
  std::string out;
  for (const Metric& metric : metrics) {
    out += "# HELP " + metric.name + ' ';
    escape(out, metric.help, /*label=*/false);
    out += fmt::format("\n# TYPE {} {}\n", metric.name,
                       metric.kind == Metric::Kind::counter ? "counter" : "gauge");
    for (const auto& sample : metric.samples) {
      out += metric.name;
      const char* before = "{";
      for (const auto& [name, value] : sample.labels) {
        out += std::exchange(before, ",") + name + "=\"";
        escape(out, value, /*label=*/true);
        out += '"';
      }
      if (!sample.labels.empty()) out += '}';
      out += ' ' + number(sample.value) + '\n';
    }
  }
  return out;
}

void Counters::emit(const Event& event) {
  std::lock_guard lock(mutex_);
  ++events_[event.name];
  if (event.name == "intake.letter.accepted") {
    accepted_octets_ += static_cast<std::uint64_t>(number_of(event, "size"));
    accepted_recipients_ += static_cast<std::uint64_t>(number_of(event, "recipients"));
  }
  if (event.name.starts_with(kLoginEvent))
    ++logins_[{std::string(text_of(event, "service")), event.name.substr(kLoginEvent.size())}];
}

std::uint64_t Counters::count(std::string_view event) const {
  std::lock_guard lock(mutex_);
  auto found = events_.find(event);
  return found == events_.end() ? 0 : found->second;
}

std::vector<Metric> Counters::metrics() const {
  std::lock_guard lock(mutex_);
  auto of = [this](std::string_view name) {
    auto found = events_.find(name);
    return found == events_.end() ? 0.0 : static_cast<double>(found->second);
  };
  Metric accepted = counter("posta_letters_accepted_total", "Letters taken, on stable storage");
  accepted.samples = {{{}, of("intake.letter.accepted")}};
  Metric octets = counter("posta_letters_accepted_octets_total", "Octets of the letters taken");
  octets.samples = {{{}, static_cast<double>(accepted_octets_)}};
  Metric recipients =
      counter("posta_letters_accepted_recipients_total", "Recipients of the letters taken");
  recipients.samples = {{{}, static_cast<double>(accepted_recipients_)}};
  Metric refused = counter("posta_refused_total", "What was refused to those who send");
  for (const char* what : {"connection", "sender", "recipient", "letter"})
    refused.samples.push_back(
        {{{"what", what}},
         of(fmt::format("intake.{}.refused", what)) +
             (what == std::string_view("connection") ? of("smtp.connection.refused") : 0)});
  Metric outcomes = counter("posta_recipients_total", "What came of recipients");
  for (const char* outcome : {"delivered", "deferred", "failed"})
    outcomes.samples.push_back(
        {{{"outcome", outcome}}, of(fmt::format("queue.recipient.{}", outcome))});
  Metric logins = counter("posta_logins_total", "Logins, by service and result");
  std::map<Login, std::uint64_t> login_counts = logins_;
  for (std::string_view service : kLoginServices)
    for (std::string_view result : kLoginResults)
      login_counts.try_emplace({std::string(service), result}, 0);
  for (const auto& [login, count] : login_counts)
    logins.samples.push_back({{{"service", login.first}, {"result", std::string(login.second)}},
                              static_cast<double>(count)});
  Metric all = counter("posta_events_total", "Everything that happened, by the name of the event");
  for (const auto& [name, count] : events_)
    all.samples.push_back({{{"event", std::string(name)}}, static_cast<double>(count)});
  return {accepted, octets, recipients, refused, outcomes, logins, all};
}

}  // namespace posta::ops
