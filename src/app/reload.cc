#include "app/reload.h"

#include <algorithm>

namespace posta::app {

namespace {

// Applied by Server::reload (serve.cc). A name that ends in a dot stands for its whole table.
constexpr std::string_view kLive[] = {
    "smtp.banner",
    "smtp.trusted_networks",
    "smtp.message_octets_max",
    "smtp.recipients_max",
    "smtp.sessions_max",
    "smtp.sessions_per_address_max",
    "smtp.normalise_line_ends",
    "smtp.strict_syntax",
    "smtp.tls_required",
    "smtp.vrfy",
    "smtp.expn",
    "smtp.unknown_recipient",
    "smtp.announce_forward",
    "smtp.refused_networks",
    "smtp.refuse_at_once",
    "submission.cleartext_networks",
    "submission.letters_per_hour",
    "submission.recipients_per_day",
    "submission.new_recipients_per_day",
    "submission.header_octets_max",
    "submission.disclose_client",
    "submission.sessions_max",
    "submission.sessions_per_address_max",
    "pop3.cleartext_networks",
    "pop3.uidl_format",
    "pop3.last",
    "pop3.exclusive",
    "pop3.retr_sets_seen",
    "pop3.workarounds",
    "pop3.sessions_max",
    "pop3.sessions_per_address_max",
    "imap.",
    "login.",
    "proxy.",
    "tls.",
    "log.format",
    "log.level",
    "supervisor.crashes_max",
    "supervisor.pause_max",
};

}  // namespace

bool is_live(std::string_view setting) {
  if (setting.ends_with(".listen") || setting.ends_with(".proxy_listen")) return true;
  return std::ranges::any_of(kLive, [&](std::string_view live) {
    return live.ends_with('.') ? setting.starts_with(live) : setting == live;
  });
}

std::vector<std::string> changed(const Config& before, const Config& fresh) {
  std::vector<std::string> out;
  for (const Setting& setting : settings())
    if (setting.show(before) != setting.show(fresh)) out.push_back(setting.name);
  return out;
}

namespace {

// The name of a file is the same, what is in it is not: a new password, say. One that cannot be
// read any more is no change: a start would refuse it.
bool differs(const Config& started, const Config& fresh, const std::string& file) {
  if (file.empty()) return false;
  auto before = started.handed_files.find(started.path(file));
  auto now = fresh.handed_files.find(fresh.path(file));
  return before != started.handed_files.end() && now != fresh.handed_files.end() &&
         before->second != now->second;
}

}  // namespace

std::vector<std::string> need_restart(const Config& started, const Config& fresh) {
  std::vector<std::string> out = changed(started, fresh);
  std::erase_if(out, [](const std::string& name) { return is_live(name); });
  auto add = [&](const char* key) {
    if (std::ranges::find(out, key) == out.end()) out.emplace_back(key);
  };
  if (fresh.relay_host && differs(started, fresh, fresh.relay_host->password_file))
    add("relayhost");
  if (differs(started, fresh, fresh.outbound_tls_ca_file)) add("outbound.tls_ca_file");
  return out;
}

}  // namespace posta::app
