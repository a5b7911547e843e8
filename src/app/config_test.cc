#include "app/config.h"

#include <gtest/gtest.h>

#include "app/check_system.h"
#include "app/descriptors.h"
#include "app/listening.h"
#include "app/reload.h"
#include "app/units.h"

namespace posta::app {
namespace {

TEST(Config, EverySettingSaysWhatItTakes) {
  for (const Setting& setting : settings()) EXPECT_FALSE(setting.takes.empty()) << setting.name;
}

TEST(Config, WhatQuickstartWritesIsUnderstoodAndShort) {
  NewConfig fresh{*Domain::parse("mail.example.org"), 10000, "*"};
  std::string text = print_new_config(fresh);
  EXPECT_LE(std::ranges::count(text, '\n'), 31);
  auto config = parse_config(text, "posta.toml");
  ASSERT_TRUE(config) << config.error().what;
  ASSERT_EQ(config->smtp_listen.size(), 2u);  // IPv4 and IPv6
  EXPECT_EQ(config->smtp_listen[0].port, 10025);
  EXPECT_EQ(config->pop3_listen[0].port, 10110);
  EXPECT_EQ(config->pop3s_listen[0].port, 10995);
  EXPECT_EQ(config->metrics_listen.size(), 1u);
}

TEST(Config, WhatIsShownReadsBackToTheSame) {
  auto config = parse_config(
      "hostname = \"mx.example.org\"\n[smtp]\nlisten = [\"192.0.2.1:25\", \"[::1]:25\"]\n"
      "message_octets_max = \"10MiB\"\n[queue]\nretry_first = \"90s\"\n",
      "posta.toml");
  ASSERT_TRUE(config) << config.error().what;
  auto again = parse_config(show_config(*config), "shown");
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(show_config(*again), show_config(*config));
  EXPECT_EQ(again->message_octets_max, 10_MiB);
  EXPECT_EQ(again->retry_first, std::chrono::seconds(90));
}

TEST(Config, MistakesNameFileLineAndWhatToDo) {
  struct Case {
    std::string_view text;
    std::string_view says;
  };
  const Case cases[] = {
      {"", "hostname is missing"},
      {"hostname = \"mx.example.org\"\nhostnam = 1",
       "f:2: unknown key hostnam; did you mean hostname?"},
      {"hostname = \"a b\"", "f:1: hostname: expected a host name"},
      {"hostname = 7", "f:1: hostname: expected a host name in quotes"},
      {"hostname = \"mx.example.org\"\n\n[smtp]\nlistn = []", "f:4: unknown key smtp.listn"},
      {"hostname = \"mx.example.org\"\n[pop3]\nmessage_octets_max = \"1MiB\"",
       "did you mean smtp.message_octets_max?"},
      {"hostname = \"mx.example.org\"\n[smtp]\nlisten = \"*:25\"", "expected a list"},
      {"hostname = \"mx.example.org\"\n[smtp]\nlisten = [\"25\"]", "expected an address and port"},
      {"hostname = \"mx.example.org\"\n[smtp]\nlisten = [\"*:99999\"]", "expected a port"},
      {"hostname = \"mx.example.org\"\n[smtp]\ntrusted_networks = [\"1.2.3.4/99\"]",
       "expected a network"},
      {"hostname = \"mx.example.org\"\n[smtp]\nrecipients_max = 3", "from 100 to 50000"},
      {"hostname = \"mx.example.org\"\n[smtp]\nmessage_octets_max = \"5 bananas\"",
       "expected a size"},
      {"hostname = \"mx.example.org\"\n[queue]\nlife = \"5 years\"", "expected a time"},
      {"hostname = \"mx.example.org\"\n[queue]\nretry_first = \"9h\"",
       "f:3: queue.retry_first: is longer than queue.retry_max"},
      {"hostname = \"mx.example.org\"\n[log]\nformat = \"xml\"", "expected one of lines, json"},
      {"hostname = \"mx.example.org\"\n[pop3]\nuidl_format = \"%v\"", "f:3: pop3.uidl_format"},
      {"hostname = \"mx.example.org\"\n[tls]\ncertificate = \"a.pem\"",
       "tls.certificate names 1 files and tls.key 0"},
      {"hostname = \"mx.example.org\"\n[tls]\nkey = 7", "f:3: tls.key: expected a path"},
      {"hostname = \"mx.example.org\"\n[pop3s]\nlisten = [\"*:995\"]",
       "f:3: pop3s.listen: needs a certificate"},
      {"hostname = ", "f:1:"},
      // One port, two services.
      {"hostname = \"mx.example.org\"\n[smtp]\nlisten = [\"*:25\"]\n[submission]\nlisten = "
       "[\"*:25\"]",
       "f:5: submission.listen: smtp.listen and submission.listen both name *:25"},
      {"hostname = \"mx.example.org\"\n[smtp]\nlisten = [\"*:25\", \"0.0.0.0:25\"]",
       "f:3: smtp.listen: names *:25 twice"},
      {"hostname = \"mx.example.org\"\n[smtp]\nlisten = [\"*:25\"]\n[metrics]\n"
       "listen = [\"127.0.0.1:25\"]",
       "f:5: metrics.listen: smtp.listen names *:25, and metrics.listen 127.0.0.1:25"},
      // Of two wrong places the nearer name, then the same word elsewhere.
      {"hostname = \"mx.example.org\"\n[imapss]\nlisten = []", "did you mean imaps.listen?"},
      {"hostname = \"mx.example.org\"\n[smpt]", "f:2: unknown table [smpt]; did you mean [smtp]?"},
      {"hostname = \"mx.example.org\"\n[x.y]", "f:2: unknown table [x.y]"},
  };
  for (const auto& c : cases) {
    auto config = parse_config(c.text, "f");
    ASSERT_FALSE(config) << c.text;
    EXPECT_TRUE(config.error().is(Error::Kind::config));
    EXPECT_NE(config.error().what.find(c.says), std::string::npos) << config.error().what;
  }
}

TEST(Config, WhatTheParserTakesForItsOwnFaultIsAMistakeToo) {
  for (const char* text : {"[(2", "[(", "hostname = \"mx.example.org\"\n[[(x]]\n", "\u0410\n",
                           "hostname = \"mx.example.org\" \u00fc\n", "h=77'/\u016f7"}) {
    auto config = parse_config(text, "f");
    ASSERT_FALSE(config) << text;
    EXPECT_TRUE(config.error().is(Error::Kind::config)) << text;
  }
}

TEST(Config, DoorsOfProxiesNeedToKnowWhereTheseAre) {
  const std::string head = "hostname = \"mx.example.org\"\n[smtp]\nproxy_listen = [\"*:10025\"]\n";
  auto nowhere = parse_config(head, "f");
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().what.find("smtp.proxy_listen: takes connections from your proxies"),
            std::string::npos);
  auto config = parse_config(head + "[proxy]\nnetworks = [\"192.0.2.0/24\"]\n", "f");
  ASSERT_TRUE(config) << config.error().what;
  auto all = all_listeners(*config);
  ASSERT_EQ(all.size(), 2u);  // IPv4 and IPv6
  EXPECT_EQ(all[0], (Listening{"smtp", *net::Endpoint::parse("0.0.0.0:10025"), true}));
  EXPECT_TRUE(is_live("smtp.proxy_listen"));
  EXPECT_TRUE(is_live("proxy.networks"));
}

TEST(Config, DoorsThatBeginWithTlsNeedACertificateBehindAProxyToo) {
  auto config = parse_config(
      "hostname = \"mx.example.org\"\n[imaps]\nproxy_listen = [\"*:10993\"]\n"
      "[proxy]\nnetworks = [\"192.0.2.1\"]\n",
      "f");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().what.find("imaps.proxy_listen: needs a certificate"), std::string::npos);
}

TEST(Config, TheOpenFilesThatAreWantedAreThoseOfAllServices) {
  Config config = default_config();
  for (const Setting& setting : settings()) {
    if (!setting.name.ends_with(".sessions_max")) continue;
    std::uint64_t before = open_files_wanted(config);
    Value value;
    value.kind = Value::Kind::number;
    value.number = 1'000'000;
    ASSERT_TRUE(setting.read(config, value));
    EXPECT_GT(open_files_wanted(config), before + 900'000) << setting.name;
  }
}

TEST(Config, SessionsNeverGetTheDescriptorsOfTheStore) {
  // The kernel's limit, what is open at the start, what sessions may have.
  const std::uint64_t cases[][3] = {
      {524'288, 100, 524'288 - 100 - 1500},
      {4096, 100, 2496},
      {1024, 100, 256},
      {64, 20, 16},
      {~std::uint64_t{0}, 100, ~std::uint64_t{0} - 1600},
  };
  for (auto [most, open, sessions] : cases)
    EXPECT_EQ(descriptors_for_sessions(most, open), sessions) << most;
}

// A time or size that makes the server useless is no setting.
TEST(Config, EveryTimeAndSizeHasARange) {
  const std::pair<std::string, std::string> cases[] = {
      {"store.cache", "0KiB"},
      {"store.disk_free_min", "0KiB"},
      {"smtp.message_octets_max", "0"},
      {"smtp.message_octets_max", "63KiB"},
      {"imap.message_octets_max", "0"},
      {"submission.header_octets_max", "0"},
      {"trace.octets_max", "0"},
      {"queue.retry_first", "0s"},
      {"queue.retry_max", "0s"},
      {"queue.life", "0s"},
      {"queue.life", "59s"},
      {"mailbox.retention", "59m"},
      {"login.failure_window", "0s"},
      {"outbound.connect_time", "0s"},
      {"store.directory", ""},
      {"queue.life", "99999d"},
      {"queue.delay_warning", "9999d"},
      {"supervisor.hang_max", "99d"},
  };
  for (const auto& [key, value] : cases) {
    auto dot = key.find('.');
    auto config = parse_config(fmt::format("hostname = \"mx.example.org\"\n[{}]\n{} = \"{}\"",
                                           key.substr(0, dot), key.substr(dot + 1), value),
                               "f");
    ASSERT_FALSE(config) << key << " " << value;
    EXPECT_TRUE(config.error().what.starts_with("f:3: " + key + ": expected"))
        << config.error().what;
  }
  auto minutes = parse_config("hostname = \"mx.example.org\"\n[queue]\nlife = \"5m\"", "f");
  ASSERT_TRUE(minutes);
  EXPECT_EQ(minutes->queue_life, std::chrono::minutes(5));
}

TEST(Config, WhatIsFoundWrongLaterNamesItsLineToo) {
  auto config = parse_config("hostname = \"mx.example.org\"\n\n[tls]\ntls12 = false", "f");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->at("tls.tls12"), "f:4: tls.tls12: ");
  EXPECT_EQ(config->at("tls.key"), "tls.key: ");
}

TEST(Config, EverySettingHasAMeaningAndAValueThatItReads) {
  Config config;
  std::set<std::string> names;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_FALSE(setting.meaning.empty());
    Value nonsense;
    EXPECT_FALSE(setting.read(config, nonsense)) << setting.name;
  }
}

TEST(Units, SizesAndTimesReadBack) {
  for (std::string_view text : {"0", "512", "64KiB", "50MiB", "2GiB"})
    EXPECT_EQ(print_size(*parse_size(text)), text);
  for (std::string_view text : {"0s", "90s", "5m", "4h", "30d"})
    EXPECT_EQ(print_time(*parse_time(text)), text);
  for (std::string_view text : {"", "MiB", "-1", "1.5GiB", "99999999999999999999GiB", "1 TB"})
    EXPECT_FALSE(parse_size(text)) << text;
  for (std::string_view text : {"", "m", "5", "5w", "99999999999999d"})
    EXPECT_FALSE(parse_time(text)) << text;
}

}  // namespace
}  // namespace posta::app
