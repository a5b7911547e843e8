#include "app/config.h"

#include <filesystem>

#include "app/config_rules.h"
#include "app/files.h"
#include "app/memory.h"
#include "app/reload.h"
#include "app/toml.h"
#include "base/text.h"

namespace posta::app {

namespace {

Failure at(const std::string& file, const toml::source_region& where, const std::string& what) {
  return fail(Error::Kind::config, fmt::format("{}:{}: {}", file, where.begin.line, what));
}

Value to_value(const toml::node& node) {
  Value out;
  if (auto text = node.as_string()) {
    out.kind = Value::Kind::text;
    out.text = text->get();
  } else if (auto number = node.as_integer()) {
    out.kind = Value::Kind::number;
    out.number = number->get();
  } else if (auto boolean = node.as_boolean()) {
    out.kind = Value::Kind::boolean;
    out.boolean = boolean->get();
  } else if (auto list = node.as_array()) {
    out.kind = Value::Kind::list;
    for (const auto& one : *list) out.list.push_back(to_value(one));
  }
  return out;
}

std::string unknown_key(const std::string& name) {
  std::vector<std::string> names;
  for (const Setting& setting : settings()) names.push_back(setting.name);
  std::string out = "unknown key " + name;
  if (auto near = closest(name, names)) return out + "; did you mean " + *near + "?";
  // In the wrong table: the same last word elsewhere.
  std::string last = name.substr(name.rfind('.') + 1);
  for (const auto& known : names)
    if (known.substr(known.rfind('.') + 1) == last) return out + "; did you mean " + known + "?";
  return out + "; posta config show lists all keys";
}

// Said of a table without keys too: whoever writes it means something by it.
Result<> known_table(const std::string& name) {
  std::vector<std::string> tables;
  for (const Setting& setting : settings())
    if (auto dot = setting.name.find('.'); dot != std::string::npos)
      tables.push_back(setting.name.substr(0, dot));
  if (std::ranges::find(tables, name) != tables.end()) return {};
  auto near = closest(name, tables);
  return fail(Error::Kind::config, "unknown table [" + name + "]" +
                                       (near ? "; did you mean [" + *near + "]?"
                                             : "; posta config show lists all keys"));
}

Result<> read_table(Config& config, const toml::table& table, const std::string& prefix,
                    const std::string& file) {
  for (const auto& [key, node] : table) {
    std::string name = prefix + std::string(key.str());
    if (auto inner = node.as_table()) {
      auto known = known_table(name);
      if (!known && inner->empty()) return at(file, key.source(), known.error().what);
      TRY_VOID(read_table(config, *inner, name + ".", file));
      continue;
    }
    const Setting* found = nullptr;
    for (const Setting& setting : settings())
      if (setting.name == name) found = &setting;
    if (!found) return at(file, key.source(), unknown_key(name));
    config.places[name] = fmt::format("{}:{}", file, key.source().begin.line);
    auto read = found->read(config, to_value(node));
    if (!read) return at(file, node.source(), name + ": " + read.error().what);
  }
  return {};
}

}  // namespace

Config default_config() {
  Config config;
  config.store_cache = usual_cache(memory_here());
  config.trusted_networks = {*net::IpNetwork::parse("127.0.0.0/8"), *net::IpNetwork::parse("::1")};
  config.pop3_cleartext_networks = config.trusted_networks;
  config.imap_cleartext_networks = config.trusted_networks;
  config.submission_cleartext_networks = config.trusted_networks;
  return config;
}

std::string Config::path(const std::string& name) const {
  return (std::filesystem::path(directory) / name).lexically_normal().string();
}

std::string Config::at(std::string_view key) const {
  auto place = places.find(key);
  return fmt::format("{}{}: ", place == places.end() ? "" : place->second + ": ", key);
}

namespace {

Result<> read_text(Config& config, std::string_view text, const std::string& file) try {
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) return at(file, parsed.error().source(), std::string(parsed.error().description()));
  return read_table(config, parsed.table(), "", file);
} catch (const Unparsable&) {
  return fail(Error::Kind::config, file + ": this is not TOML: a [table] or a key is misspelt");
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& file) {
  Config config = default_config();
  TRY_VOID(read_text(config, text, file));
  if (config.hostname.empty())
    return fail(
        Error::Kind::config,
        file + ":1: hostname is missing; add a line such as hostname = \"mail.example.org\"");
  TRY_VOID(check_rules(config));
  return config;
}

Result<std::string> read_config_text(const std::string& directory) {
  std::string file = (std::filesystem::path(directory) / "posta.toml").string();
  constexpr Octets kOctetsMax = 16_MiB;
  auto text = read_file(file, kOctetsMax);
  if (text || !text.error().is(Error::Kind::not_found)) return text;
  return fail(Error::Kind::config,
              "cannot read " + file +
                  "; make a server directory with: posta quickstart --dir DIR --domain DOMAIN");
}

Result<Config> parse_config_of(const std::string& directory, std::string_view text) {
  std::string file = (std::filesystem::path(directory) / "posta.toml").string();
  TRY(Config config, parse_config(text, file));
  TRY(config.directory, whole_path(directory));
  return config;
}

Result<Config> read_config(const std::string& directory) {
  TRY(std::string text, read_config_text(directory));
  return parse_config_of(directory, text);
}

std::string show_config(const Config& config) {
  Config plain = default_config();
  std::string out, table;
  for (const Setting& setting : settings()) {
    auto dot = setting.name.find('.');
    std::string in = dot == std::string::npos ? "" : setting.name.substr(0, dot);
    if (in != table) out += fmt::format("\n[{}]\n", table = in);
    std::string value = setting.show(config);
    bool is_default = value == setting.show(plain);
    out +=
        fmt::format("# {}{}{}\n{} = {}\n", setting.meaning, is_default ? " (default)" : "",
                    is_live(setting.name) ? "" : "; counts from the next start",
                    dot == std::string::npos ? setting.name : setting.name.substr(dot + 1), value);
  }
  return out;
}

std::string print_new_config(const NewConfig& config) {
  auto listen = [&](int port) {
    return fmt::format("{}:{}", config.address, port + config.port_offset);
  };
  std::string user;
  if (!config.user.empty())
    user = fmt::format("user = \"{}\"  # as whom the server runs, though root starts it\n",
                       config.user);
  // Beyond the last port there is no room for it, and it is no service that mail needs.
  constexpr int kMetricsPort = 9925;
  std::string metrics;
  if (int port = kMetricsPort + config.port_offset; port <= 65535)
    metrics = fmt::format("[metrics]\nlisten = [\"{}:{}\"]  # GET /metrics\n",
                          config.address.starts_with("127.") ? config.address : "127.0.0.1", port);
  return fmt::format(
      R"(# How this server runs. Every key: posta config show. Is it right? posta check
# Accounts, domains and aliases are not here: posta account, posta domain, posta alias.
hostname = "{}"  # as others see it: MX record and reverse DNS say the same
{}
# Mail for others goes to their own mail hosts. Or all of it to one that your provider names:
# relayhost = "[smtp.example.net]:587 user=NAME password_file=relay.secret"

# Mail comes in: from other servers; from your users after STARTTLS; from them in TLS at once.
[smtp]
listen = ["{}"]
[submission]
listen = ["{}"]
[submissions]
listen = ["{}"]
# It is read. Passwords in clear are taken from this machine alone, else after STARTTLS.
[imap]
listen = ["{}"]
[imaps]
listen = ["{}"]
[pop3]
listen = ["{}"]
[pop3s]
listen = ["{}"]
[tls]
certificate = "tls/cert.pem"  # signed by itself until you put a better one there
key = "tls/key.pem"  # then: kill -HUP (no connection is lost)
[store]
directory = "store"  # all mail, in this directory; keep it on a local disk
{})",
      config.hostname.str(), user, listen(25), listen(587), listen(465), listen(143), listen(993),
      listen(110), listen(995), metrics);
}

}  // namespace posta::app
