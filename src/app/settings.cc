// settings.cc: the one list of configuration keys.

#include "app/config.h"
#include "app/units.h"
#include "base/text.h"
#include "wire/pop3/uidl.h"

namespace posta::app {

namespace {

Failure expected(std::string what) {
  return fail(Error::Kind::config, "expected " + what);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

template <class T, class Parse>
Setting list_of(std::string name, std::string meaning, std::vector<T> Config::* field,
                Parse parse) {
  return {std::move(name), std::move(meaning),
          [field, parse](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::list) return expected("a list of texts: [\"…\", \"…\"]");
            (config.*field).clear();
            for (const Value& one : value.list) {
              if (one.kind != Value::Kind::text) return expected("a text in quotes in this list");
              auto parsed = parse(one.text);
              if (!parsed) return Failure(std::move(parsed).error());
              for (auto& item : *parsed) (config.*field).push_back(std::move(item));
            }
            return {};
          },
          [field](const Config& config) {
            std::string out;
            for (const auto& item : config.*field)
              out += (out.empty() ? "" : ", ") + quoted(item.str());
            return "[" + out + "]";
          }};
}

Setting size(std::string name, std::string meaning, Octets Config::* field) {
  return {std::move(name), std::move(meaning),
          [field](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("a size in quotes, as \"50MiB\"");
            TRY(config.*field, parse_size(value.text));
            return {};
          },
          [field](const Config& config) { return quoted(print_size(config.*field)); }};
}

Setting time(std::string name, std::string meaning, std::chrono::seconds Config::* field) {
  return {std::move(name), std::move(meaning),
          [field](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("a time in quotes, as \"5m\"");
            TRY(config.*field, parse_time(value.text));
            return {};
          },
          [field](const Config& config) { return quoted(print_time(config.*field)); }};
}

template <class N>
Setting number(std::string name, std::string meaning, N Config::* field, std::int64_t min,
               std::int64_t max) {
  return {std::move(name), std::move(meaning),
          [field, min, max](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::number || value.number < min || value.number > max)
              return expected(fmt::format("a whole number from {} to {}", min, max));
            config.*field = static_cast<N>(value.number);
            return {};
          },
          [field](const Config& config) { return std::to_string(config.*field); }};
}

Setting yes_or_no(std::string name, std::string meaning, bool Config::* field) {
  return {std::move(name), std::move(meaning),
          [field](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::boolean) return expected("true or false");
            config.*field = value.boolean;
            return {};
          },
          [field](const Config& config) { return config.*field ? "true" : "false"; }};
}

Setting text(std::string name, std::string meaning, std::string Config::* field,
             std::vector<std::string> choices = {}) {
  return {std::move(name), std::move(meaning),
          [field, choices](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("a text in quotes");
            if (!choices.empty() && std::ranges::find(choices, value.text) == choices.end())
              return expected("one of " + fmt::format("{}", fmt::join(choices, ", ")));
            config.*field = value.text;
            return {};
          },
          [field](const Config& config) { return quoted(config.*field); }};
}

Setting hostname() {
  return {"hostname", "the name of this server, as other servers see it",
          [](Config& config, const Value& value) -> Result<> {
            if (value.kind != Value::Kind::text) return expected("a host name in quotes");
            auto domain = Domain::parse(value.text);
            if (!domain || domain->is_literal()) return expected("a host name: mail.example.org");
            config.hostname = *std::move(domain);
            return {};
          },
          [](const Config& config) { return quoted(config.hostname.str()); }};
}

// "192.0.2.1:25", "[::1]:25", or "*:25" for every address of this machine.
Result<std::vector<net::Endpoint>> endpoints(const std::string& written) {
  if (!written.starts_with("*:")) {
    auto one = net::Endpoint::parse(written);
    if (!one) return expected("an address and port: \"*:25\", \"192.0.2.1:25\" or \"[::1]:25\"");
    return std::vector{*one};
  }
  auto port = to_number<std::uint16_t>(std::string_view(written).substr(2));
  if (!port) return expected("a port from 0 to 65535 after *:");
  return std::vector{net::Endpoint{*net::IpAddress::parse("0.0.0.0"), *port},
                     net::Endpoint{*net::IpAddress::parse("::"), *port}};
}

Result<std::vector<net::IpNetwork>> networks(const std::string& written) {
  auto one = net::IpNetwork::parse(written);
  if (!one) return expected("a network: \"192.0.2.0/24\" or \"2001:db8::/32\"");
  return std::vector{*one};
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
  return out;
}

std::vector<Setting> make() {
  constexpr std::int64_t kMany = 10'000'000;
  return {
      hostname(),
      number("loops", "event loops; 0: one for each processor core", &Config::loops, 0, 256),
      number("workers", "threads for what blocks: cold reads, password hashing", &Config::workers,
             1, 256),
      text("store.directory", "where mail is kept, in the server directory or absolute",
           &Config::store_directory),
      size("store.cache", "memory for blocks read from the store", &Config::store_cache),
      size("store.disk_free_min", "with less free disk than this, new mail is put off (452 4.3.1)",
           &Config::disk_free_min),
      list_of("smtp.listen", "addresses and ports that take mail from other servers",
              &Config::smtp_listen, endpoints),
      text("smtp.banner", "text after the host name in the greeting", &Config::smtp_banner),
      list_of("smtp.trusted_networks",
              "networks that may use bare local parts, VRFY, and sessions typed by hand",
              &Config::trusted_networks, networks),
      size("smtp.message_octets_max", "the largest message taken (552 5.3.4)",
           &Config::message_octets_max),
      number("smtp.recipients_max", "recipients of one letter (452 4.5.3)", &Config::recipients_max,
             100, 50'000),
      number("smtp.sessions_max", "connections at one time (421 4.7.0)", &Config::smtp_sessions_max,
             1, kMany),
      number("smtp.sessions_per_address_max",
             "connections at one time from one address (421 4.7.0)",
             &Config::smtp_sessions_per_address_max, 1, kMany),
      yes_or_no("smtp.normalise_line_ends",
                "turn bare CR or LF in messages into CR LF instead of refusing them (550 5.6.0)",
                &Config::normalise_line_ends),
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
      number("pop3.sessions_per_address_max", "connections at one time from one address",
             &Config::pop3_sessions_per_address_max, 1, kMany),
      time("queue.retry_first", "the first pause before a letter is tried again; it doubles",
           &Config::retry_first),
      time("queue.retry_max", "the longest pause", &Config::retry_max),
      time("queue.life", "how long delivery is tried before the sender is told (5.4.7)",
           &Config::queue_life),
      time("mailbox.retention", "how long expunged mail can be brought back", &Config::retention),
      text("log.format", "lines (as Postfix writes them) or json", &Config::log_format,
           {"lines", "json"}),
      text("log.level", "the least important events that are logged", &Config::log_level,
           {"debug", "info", "warning", "error"}),
  };
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = make();
  return all;
}

}  // namespace posta::app
