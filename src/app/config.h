// config.h: posta.toml, the truth about how this server runs (house D9).
//
// Read and checked whole before any socket opens: an unknown key, a wrong unit, a missing file is
// an Error{config} with file, line and a suggestion. `settings()` is the one list of keys: reading,
// `posta config show` and `posta config explain` are made from it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "mail/address.h"
#include "mta/route/relay_host.h"
#include "net/endpoint.h"

namespace posta::app {

// One of a few words that a list may hold.
struct Word {
  std::string text;
  const std::string& str() const { return text; }
};

// pop3.workarounds, as Dovecot's users know them.
inline constexpr std::string_view kNoNuls = "outlook-no-nuls";
inline constexpr std::string_view kEndOfHeader = "oe-ns-eoh";

struct Config {
  std::string directory;  // the server directory; not a key

  Domain hostname;
  unsigned loops = 0;
  unsigned workers = 4;

  std::string store_directory = "store";
  Octets store_cache = 64_MiB;  // default_config() knows the machine's memory
  Octets disk_free_min = 256_MiB;

  std::vector<net::Endpoint> smtp_listen;
  std::string smtp_banner;
  std::vector<net::IpNetwork> trusted_networks;
  Octets message_octets_max = 50_MiB;
  std::uint64_t recipients_max = 1000;
  std::uint64_t smtp_sessions_max = 10'000;
  std::uint64_t smtp_sessions_per_address_max = 200;
  bool normalise_line_ends = false;
  bool strict_syntax = false;

  // TLS (settings_tls.cc). Paths: certificate i has key i.
  std::vector<std::string> tls_certificate;
  std::vector<std::string> tls_key;
  bool tls12 = true;
  bool smtp_tls_required = false;
  std::vector<net::Endpoint> pop3s_listen;

  // Submission and logins (settings_submission.cc).
  std::vector<net::Endpoint> submission_listen;
  std::vector<net::Endpoint> submissions_listen;
  std::vector<net::IpNetwork> submission_cleartext_networks;
  std::uint64_t submission_letters_per_hour = 300;
  std::uint64_t submission_recipients_per_day = 2000;
  std::uint64_t submission_new_recipients_per_day = 500;
  Octets submission_header_octets_max = 256_KiB;
  bool submission_disclose = false;
  std::uint64_t submission_sessions_max = 10'000;
  std::uint64_t submission_sessions_per_address_max = 200;
  std::uint64_t login_account_failures_max = 20;
  std::uint64_t login_address_failures_max = 60;
  std::chrono::seconds login_failure_window{600};

  std::vector<net::Endpoint> pop3_listen;
  std::vector<net::IpNetwork> pop3_cleartext_networks;
  std::string pop3_uidl_format = "%08Xu%08Xv";
  bool pop3_last = false;
  bool pop3_exclusive = true;
  bool pop3_retr_sets_seen = true;
  std::vector<Word> pop3_workarounds;
  std::string smtp_vrfy = "trusted";
  std::string smtp_expn = "nobody";
  std::string smtp_unknown_recipient = "refuse";
  bool smtp_announce_forward = false;
  std::uint64_t pop3_sessions_max = 20'000;
  std::uint64_t pop3_sessions_per_address_max = 10'000;

  std::vector<net::Endpoint> imap_listen;
  std::vector<net::Endpoint> imaps_listen;
  std::vector<net::IpNetwork> imap_cleartext_networks;
  Octets imap_message_octets_max = 50_MiB;
  std::uint64_t imap_sessions_max = 20'000;
  std::uint64_t imap_sessions_per_address_max = 10'000;
  std::uint64_t imap_sessions_per_account_max = 100;

  // Connections that proxies bring (settings_proxy.cc).
  std::vector<net::IpNetwork> proxy_networks;
  std::vector<net::Endpoint> smtp_proxy_listen;
  std::vector<net::Endpoint> submission_proxy_listen;
  std::vector<net::Endpoint> submissions_proxy_listen;
  std::vector<net::Endpoint> pop3_proxy_listen;
  std::vector<net::Endpoint> pop3s_proxy_listen;
  std::vector<net::Endpoint> imap_proxy_listen;
  std::vector<net::Endpoint> imaps_proxy_listen;

  std::chrono::seconds retry_first{60};
  std::chrono::seconds retry_max{4 * 3600};
  std::chrono::seconds queue_life{5 * 24 * 3600};

  // Mail that leaves (settings_outbound.cc).
  std::optional<mta::RelayHost> relay_host;
  std::vector<net::Endpoint> dns_servers;
  std::string dns_dnssec = "use";
  std::string dns_trust_anchor = "/usr/share/dns/root.key";
  std::uint16_t outbound_port = 25;
  std::string outbound_tls = "may";
  std::string outbound_tls_ca_file;
  bool outbound_loopback_hosts = false;
  std::optional<net::IpAddress> outbound_bind_ipv4;
  std::optional<net::IpAddress> outbound_bind_ipv6;
  std::uint64_t outbound_sessions_per_destination = 20;
  std::uint64_t outbound_letters_trying_max = 256;
  std::uint64_t outbound_hosts_tried_max = 5;
  std::chrono::seconds outbound_connect_time{30};
  std::chrono::seconds outbound_idle_time{5};
  std::chrono::seconds queue_delay_warning{4 * 3600};

  std::chrono::seconds retention{30 * 24 * 3600};

  std::string log_format = "lines";
  std::string log_level = "info";

  // Processes (settings_process.cc).
  std::string user = "posta";
  std::string sandbox = "on";
  std::vector<std::uint16_t> connect_ports{25, 53, 465, 587, 853};
  std::uint64_t crashes_max = 10;
  std::chrono::seconds restart_pause_max{5};
  std::chrono::seconds hang_max{60};
  // Not a key: contents of files that this process may not read itself, by path (handed.h).
  bool handed = false;  // these are all there are
  std::map<std::string, std::string> handed_files;
  // Operating: settings_operation.cc.
  std::vector<net::IpNetwork> refused_networks;
  bool refuse_at_once = false;
  std::string log_to = "stderr";
  std::string log_syslog_socket = "/dev/log";
  std::chrono::seconds trace_retention{7 * 24 * 3600};
  Octets trace_octets_max = 256_MiB;
  std::vector<net::Endpoint> metrics_listen;

  // Not a key: where each key stands that posta.toml has, "posta.toml:12".
  std::map<std::string, std::string, std::less<>> places;

  // A path of the configuration, absolute: relative ones count from the server directory.
  std::string path(const std::string& name) const;
  // "posta.toml:12: tls.key: ", to begin an error with; "tls.key: " if it stands nowhere.
  std::string at(std::string_view key) const;
};

// What a key has as its value, free of the TOML library.
struct Value {
  enum class Kind { text, number, boolean, list, other } kind = Kind::other;
  std::string text;
  std::int64_t number = 0;
  bool boolean = false;
  std::vector<Value> list;
};

struct Setting {
  std::string name;     // "smtp.listen"
  std::string meaning;  // one sentence, with the unit
  // Error::what says what was expected; file and line are added by the reader.
  std::function<Result<>(Config&, const Value&)> read;
  std::function<std::string(const Config&)> show;  // the value as TOML
  std::string takes;                               // "a time from 1h to 60d"
};

const std::vector<Setting>& settings();
std::vector<Setting> outbound_settings();

// Reads DIR/posta.toml.
Result<Config> read_config(const std::string& directory);
// The same in two steps, for whoever hands the text to somebody else.
Result<std::string> read_config_text(const std::string& directory);
Result<Config> parse_config_of(const std::string& directory, std::string_view text);
// The same from text alone: `file` is for error messages.
Result<Config> parse_config(std::string_view text, const std::string& file);

// What holds where posta.toml says nothing.
Config default_config();

// Every setting with its effective value, and whether that is the default.
std::string show_config(const Config& config);

// The configuration that quickstart writes, with comments.
struct NewConfig {
  Domain hostname;
  std::uint16_t port_offset = 0;
  std::string address = "*";  // what to listen on
  std::string user = {};      // as whom the server runs; empty: the default
};
std::string print_new_config(const NewConfig& config);

}  // namespace posta::app
