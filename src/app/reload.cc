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
    "log.",
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

std::vector<std::string> need_restart(const Config& started, const Config& fresh) {
  std::vector<std::string> out = changed(started, fresh);
  std::erase_if(out, [](const std::string& name) { return is_live(name); });
  return out;
}

}  // namespace posta::app
