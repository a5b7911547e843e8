#include "ops/metrics.h"

#include <gtest/gtest.h>

namespace posta::ops {
namespace {

TEST(Metrics, ArePrintedAsPrometheusReadsThem) {
  std::vector<Metric> metrics = {{"posta_a_total",
                                  "What\nhappened",
                                  Metric::Kind::counter,
                                  {{{{"event", "a\"b\\c"}, {"x", "y"}}, 3}, {{}, 0.5}}},
                                 gauge("posta_b", "B", 1e9)};
  EXPECT_EQ(print_metrics(metrics),
            "# HELP posta_a_total What\\nhappened\n"
            "# TYPE posta_a_total counter\n"
            "posta_a_total{event=\"a\\\"b\\\\c\",x=\"y\"} 3\n"
            "posta_a_total 0.5\n"
            "# HELP posta_b B\n"
            "# TYPE posta_b gauge\n"
            "posta_b 1000000000\n");
}

TEST(Metrics, ArePrintedWithAllTheirDigits) {
  EXPECT_NE(print_metrics({gauge("posta_start_time_seconds", "S", 1'764'173'602.123)})
                .find("posta_start_time_seconds 1764173602.123\n"),
            std::string::npos);
}

TEST(Counters, CountWhatHappens) {
  Counters counters;
  for (int i = 0; i < 3; ++i)
    counters.emit({"intake.letter.accepted", {{"size", 100}, {"recipients", 2}}});
  counters.emit({"queue.recipient.deferred", {}});
  counters.emit({"server.login.refused", {{"service", "pop3"}, {"user", "whoever\"}"}}});
  counters.emit({"server.login.accepted", {{"service", "pop3"}, {"user", "ann"}}});
  // What POP3 and IMAP say of the same logins.
  counters.emit({"pop3.login.accepted", {{"user", "ann"}}});
  counters.emit({"imap.login.full", {}});
  counters.emit({"smtp.connection.refused", {}});
  counters.emit({"intake.connection.refused", {}});
  EXPECT_EQ(counters.count("intake.letter.accepted"), 3u);
  EXPECT_EQ(counters.count("never"), 0u);
  std::string text = print_metrics(counters.metrics());
  for (const char* line :
       {"posta_letters_accepted_total 3\n", "posta_letters_accepted_octets_total 300\n",
        "posta_letters_accepted_recipients_total 6\n",
        "posta_recipients_total{outcome=\"deferred\"} 1\n",
        "posta_recipients_total{outcome=\"delivered\"} 0\n",
        "posta_logins_total{service=\"pop3\",result=\"refused\"} 1\n",
        "posta_logins_total{service=\"pop3\",result=\"accepted\"} 1\n",
        "posta_logins_total{service=\"imap\",result=\"accepted\"} 0\n",
        "posta_logins_total{service=\"submissions\",result=\"refused\"} 0\n",
        "posta_refused_total{what=\"connection\"} 2\n",
        "posta_events_total{event=\"queue.recipient.deferred\"} 1\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  EXPECT_EQ(text.find("result=\"full\""), std::string::npos);
  EXPECT_EQ(text.find("service=\"server\""), std::string::npos);
  EXPECT_EQ(text.find("whoever"), std::string::npos) << "nothing a stranger says is a label";
}

}  // namespace
}  // namespace posta::ops
