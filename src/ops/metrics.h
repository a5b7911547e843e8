// metrics.h: counters made of events, and all figures in the text that Prometheus reads.
//
//   Counters counters;                         a view of the events, beside the log
//   auto metrics = counters.metrics();         what it counted since the start
//   metrics.push_back(gauge("posta_queue_letters", "Letters in the queue", n));
//   print_metrics(metrics)
//
// Names of events and their outcomes are few and fixed, so the number of series is bounded: nothing
// a stranger says becomes a label.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/events.h"

namespace posta::ops {

struct Metric {
  enum class Kind { counter, gauge };
  struct Sample {
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
  };
  std::string name;  // "posta_letters_accepted_total"
  std::string help;  // one line
  Kind kind = Kind::counter;
  std::vector<Sample> samples;
};

Metric gauge(std::string name, std::string help, double value);

// The text format, version 0.0.4: HELP, TYPE and a line for each sample.
std::string print_metrics(const std::vector<Metric>& metrics);

class Counters final : public Events {
 public:
  // Any thread. The lock inside is held for a look at a small map.
  void emit(const Event& event) override;
  std::vector<Metric> metrics() const;
  std::uint64_t count(std::string_view event) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string_view, std::uint64_t> events_;  // names are literals: they outlive everything
  using Login = std::pair<std::string, std::string_view>;  // our service's name, the result
  std::map<Login, std::uint64_t> logins_;
  std::uint64_t accepted_octets_ = 0;
  std::uint64_t accepted_recipients_ = 0;
};

}  // namespace posta::ops
