// settings.cc: the one list of configuration keys.

#include "app/config.h"
#include "app/setting_kinds.h"
#include "app/settings_groups.h"
#include "app/settings_operation.h"
#include "base/text.h"
#include "wire/pop3/uidl.h"

namespace posta::app {

namespace {

using namespace kinds;
using namespace std::chrono_literals;

Setting hostname() {
  return {"hostname", "the name of this server, as other servers see it",
          [](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("a host name in quotes");
            auto domain = Domain::parse(value.text);
            if (!domain || domain->is_literal()) return expected("a host name: mail.example.org");
            config.hostname = *std::move(domain);
            return {};
          },
          [](const Config& config) { return quoted(config.hostname.str()); },
          "a host name in quotes"};
}

Setting uidl_format() {
  Setting out = text("pop3.uidl_format", "unique-ids: %u uid, %v uidvalidity, as in %08Xu%08Xv",
                     &Config::pop3_uidl_format);
  out.read = [](Config& config, const Value& value) -> Result<> {
    if (value.kind != Value::Kind::text) return expected("a text in quotes");
    auto format = wire::pop3::UidlFormat::parse(value.text);
    if (!format) return Failure(std::move(format).error());
    config.pop3_uidl_format = value.text;
    return {};
  };
  out.takes = "a text in quotes with %u and %v, each as printf has it";
  return out;
}

std::vector<Setting> make() {
  constexpr std::int64_t kMany = 10'000'000;
  constexpr std::chrono::seconds kWeek = 168h;
  return {
      hostname(),
      number("loops", "event loops; 0: one for each processor core", &Config::loops, 0, 256),
      number("workers", "threads for what blocks: cold reads, password hashing", &Config::workers,
             1, 256),
      path("store.directory", "where mail is kept, in the server directory or absolute",
           &Config::store_directory),
      size("store.cache",
           "memory for blocks read from the store; by default a sixteenth of what there is, from "
           "64 MiB to 512 MiB",
           &Config::store_cache, 1_MiB, 1024_GiB),
      size("store.disk_free_min", "with less free disk than this, new mail is put off (452 4.3.1)",
           &Config::disk_free_min, 1_KiB, 1'000'000_GiB),
      list_of("smtp.listen", "addresses and ports that take mail from other servers",
              &Config::smtp_listen, endpoints),
      text("smtp.banner", "text after the host name in the greeting", &Config::smtp_banner),
      list_of("smtp.trusted_networks",
              "networks that may use bare local parts, VRFY, sessions typed by hand, and as many "
              "connections and wrong passwords from one address as they like",
              &Config::trusted_networks, networks),
      size("smtp.message_octets_max", "the largest message taken (552 5.3.4)",
           &Config::message_octets_max, kMessageMin, kMessageMax),
      number("smtp.recipients_max", "recipients of one letter (452 4.5.3)", &Config::recipients_max,
             100, 50'000),
      number("smtp.sessions_max", "connections at one time (421 4.7.0)", &Config::smtp_sessions_max,
             1, kMany),
      number(
          "smtp.sessions_per_address_max",
          "connections at one time from one address (421 4.7.0); smtp.trusted_networks are exempt",
          &Config::smtp_sessions_per_address_max, 1, kMany),
      yes_or_no("smtp.normalise_line_ends",
                "turn bare CR or LF in messages into CR LF instead of refusing them (550 5.6.0)",
                &Config::normalise_line_ends),
      yes_or_no("smtp.tls_required",
                "take nothing before STARTTLS (530 5.7.0); never on a host that an MX record names",
                &Config::smtp_tls_required),
      yes_or_no("smtp.strict_syntax", "refuse MAIL and RCPT without <> and the like",
                &Config::strict_syntax),
      list_of("pop3.listen", "addresses and ports that serve POP3", &Config::pop3_listen,
              endpoints),
      list_of("pop3.cleartext_networks",
              "networks whose passwords are taken in clear, without TLS: only wires you trust",
              &Config::pop3_cleartext_networks, networks),
      uidl_format(),
      yes_or_no("pop3.last", "offer the old command LAST", &Config::pop3_last),
      number("pop3.sessions_max", "connections at one time", &Config::pop3_sessions_max, 1, kMany),
      number("pop3.sessions_per_address_max",
             "connections at one time from one address; smtp.trusted_networks are exempt",
             &Config::pop3_sessions_per_address_max, 1, kMany),
      time("queue.retry_first", "the first pause before a letter is tried again; it doubles",
           &Config::retry_first, 1s, 24h),
      time("queue.retry_max", "the longest pause", &Config::retry_max, 1s, kWeek),
      time("queue.life", "how long delivery is tried before the sender is told (5.4.7)",
           &Config::queue_life, 1min, 14 * kWeek),
      time("mailbox.retention", "how long expunged mail can be brought back", &Config::retention,
           1h, 1000 * kWeek),
      text("log.format", "lines (as Postfix writes them) or json", &Config::log_format,
           {"lines", "json"}),
      text("log.level", "the least important events that are logged", &Config::log_level,
           {"debug", "info", "warning", "error"}),
  };
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = [] {
    std::vector<Setting> out = make();
    for (auto group : {service_settings, tls_settings, submission_settings, imap_settings,
                       proxy_settings, outbound_settings, process_settings, operation_settings})
      std::ranges::move(group(), std::back_inserter(out));
    // The keys of a table stand together, those without one first, or they could not be read back.
    std::vector<std::string> tables{""};
    std::vector<std::vector<Setting>> placed(1);
    for (auto& setting : out) {
      auto dot = setting.name.find('.');
      std::string table = dot == std::string::npos ? "" : setting.name.substr(0, dot);
      auto at = std::ranges::find(tables, table) - tables.begin();
      if (at == std::ssize(tables)) {
        tables.push_back(table);
        placed.emplace_back();
      }
      placed[static_cast<std::size_t>(at)].push_back(std::move(setting));
    }
    out.clear();
    for (auto& group : placed) std::ranges::move(group, std::back_inserter(out));
    return out;
  }();
  return all;
}

}  // namespace posta::app
