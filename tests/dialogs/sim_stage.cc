#include "dialogs/sim_stage.h"

#include <algorithm>

#include "base/text.h"
#include "runtime/sleep.h"

namespace posta::dialogs {

namespace {

Failure wrong(std::string what) {
  return fail(Error::Kind::syntax, std::move(what));
}

using Number = std::uint64_t;

// Every limit that a dialogue may set, by its name.
struct LimitSetter {
  std::string_view name;
  void (*set)(world::Config& config, Number value);
};
constexpr LimitSetter kLimitSetters[] = {
    {"message_octets_max", [](world::Config& c, Number n) { c.intake.message_octets_max = n; }},
    {"recipients_max", [](world::Config& c, Number n) { c.intake.recipients_max = n; }},
    {"sessions_max", [](world::Config& c, Number n) { c.census.sessions_max = n; }},
    {"sessions_per_address_max",
     [](world::Config& c, Number n) { c.census.sessions_per_address_max = n; }},
    {"errors_max", [](world::Config& c, Number n) { c.smtp.limits.errors_max = n; }},
    {"unrecognised_max", [](world::Config& c, Number n) { c.smtp.limits.unrecognised_max = n; }},
    {"recipients_refused_max",
     [](world::Config& c, Number n) { c.smtp.limits.recipients_refused_max = n; }},
    {"commands_max", [](world::Config& c, Number n) { c.smtp.limits.commands_max = n; }},
    {"letters_max", [](world::Config& c, Number n) { c.smtp.limits.letters_max = n; }},
    {"refused_octets_max",
     [](world::Config& c, Number n) { c.smtp.limits.refused_octets_max = n; }},
    {"expn_members_max", [](world::Config& c, Number n) { c.smtp.limits.expn_members_max = n; }},
    {"data_rate_min", [](world::Config& c, Number n) { c.smtp.limits.data_rate_min = n; }},
    {"data_grace",
     [](world::Config& c, Number n) { c.smtp.limits.data_grace = std::chrono::seconds(n); }},
    {"data_timeout",
     [](world::Config& c, Number n) { c.smtp.limits.data_timeout = std::chrono::seconds(n); }},
    {"command_timeout",
     [](world::Config& c, Number n) { c.smtp.limits.command_timeout = std::chrono::seconds(n); }},
    {"pop3.idle_timeout",
     [](world::Config& c, Number n) { c.pop3.limits.idle_timeout = std::chrono::seconds(n); }},
    {"pop3.login_timeout",
     [](world::Config& c, Number n) { c.pop3.limits.login_timeout = std::chrono::seconds(n); }},
    {"pop3.commands_before_login_max",
     [](world::Config& c, Number n) { c.pop3.limits.commands_before_login_max = n; }},
    {"imap.commands_before_login_max",
     [](world::Config& c, Number n) { c.imap.limits.commands_before_login_max = n; }},
    {"pop3.errors_max", [](world::Config& c, Number n) { c.pop3.limits.errors_max = n; }},
    {"pop3.logins_max", [](world::Config& c, Number n) { c.pop3.limits.logins_max = n; }},
    {"imap.idle_timeout",
     [](world::Config& c, Number n) { c.imap.limits.idle_timeout = std::chrono::seconds(n); }},
    {"imap.login_timeout",
     [](world::Config& c, Number n) { c.imap.limits.login_timeout = std::chrono::seconds(n); }},
    {"imap.message_timeout",
     [](world::Config& c, Number n) { c.imap.limits.message_timeout = std::chrono::seconds(n); }},
    {"imap.errors_max", [](world::Config& c, Number n) { c.imap.limits.errors_max = n; }},
    {"imap.logins_max", [](world::Config& c, Number n) { c.imap.limits.logins_max = n; }},
    {"imap.sessions_per_account_max",
     [](world::Config& c, Number n) { c.imap.limits.sessions_per_account_max = n; }},
    {"imap.message_octets_max",
     [](world::Config& c, Number n) { c.imap.limits.message_octets_max = n; }},
    {"imap.refused_octets_max",
     [](world::Config& c, Number n) { c.imap.limits.refused_octets_max = n; }},
    {"imap.replies_octets_max",
     [](world::Config& c, Number n) { c.imap.limits.replies_octets_max = n; }},
    {"imap.read_octets", [](world::Config& c, Number n) { c.imap.limits.read_octets = n; }},
    {"imap.header_octets_max",
     [](world::Config& c, Number n) { c.imap.limits.header_octets_max = n; }},
    {"imap.text_octets_max", [](world::Config& c, Number n) { c.imap.limits.text_octets_max = n; }},
    {"imap.id_fields_max", [](world::Config& c, Number n) { c.imap.limits.id_fields_max = n; }},
    {"imap.line_octets_max",
     [](world::Config& c, Number n) { c.imap.limits.wire.line_octets_max = n; }},
    {"imap.literal_octets_max",
     [](world::Config& c, Number n) { c.imap.limits.wire.literal_octets_max = n; }},
    {"imap.literal_octets_before_login_max",
     [](world::Config& c, Number n) { c.imap.limits.wire.literal_octets_before_login_max = n; }},
    {"imap.command_octets_max",
     [](world::Config& c, Number n) { c.imap.limits.wire.command_octets_max = n; }},
    {"imap.literals_max", [](world::Config& c, Number n) { c.imap.limits.wire.literals_max = n; }},
    {"imap.nesting_max", [](world::Config& c, Number n) { c.imap.limits.wire.nesting_max = n; }},
    {"imap.ranges_max", [](world::Config& c, Number n) { c.imap.limits.wire.ranges_max = n; }},
    {"imap.fetch_items_max",
     [](world::Config& c, Number n) { c.imap.limits.wire.fetch_items_max = n; }},
    {"imap.search_keys_max",
     [](world::Config& c, Number n) { c.imap.limits.wire.search_keys_max = n; }},
    {"imap.patterns_max", [](world::Config& c, Number n) { c.imap.limits.wire.patterns_max = n; }},
    {"session_life_max",
     [](world::Config& c, Number n) { c.smtp.limits.session_life_max = std::chrono::seconds(n); }},
    {"logins_max", [](world::Config& c, Number n) { c.smtp.limits.logins_max = n; }},
    {"failure_pause",
     [](world::Config& c, Number n) { c.logins.failure_pause = std::chrono::seconds(n); }},
    {"failure_window",
     [](world::Config& c, Number n) { c.logins.failure_window = std::chrono::seconds(n); }},
    {"account_failures_max", [](world::Config& c, Number n) { c.logins.account_failures_max = n; }},
    {"address_failures_max", [](world::Config& c, Number n) { c.logins.address_failures_max = n; }},
    {"auth_line_octets_max",
     [](world::Config& c, Number n) {
       c.smtp.limits.wire.auth_line_octets_max = n;
       c.pop3.limits.wire.auth_line_octets_max = n;
     }},
    {"header_octets_max", [](world::Config& c, Number n) { c.submission.header_octets_max = n; }},
    {"letters_per_hour",
     [](world::Config& c, Number n) { c.submission.allowance.letters_per_hour = n; }},
    {"recipients_per_day",
     [](world::Config& c, Number n) { c.submission.allowance.recipients_per_day = n; }},
    {"new_recipients_per_day",
     [](world::Config& c, Number n) { c.submission.allowance.new_recipients_per_day = n; }},
    {"pop3.replies_octets_max",
     [](world::Config& c, Number n) { c.pop3.limits.replies_octets_max = n; }},
    {"pop3.read_octets", [](world::Config& c, Number n) { c.pop3.limits.read_octets = n; }},
};

std::optional<server::Access> access(std::string_view word) {
  if (word == "nobody") return server::Access::nobody;
  if (word == "trusted") return server::Access::trusted;
  if (word == "everybody") return server::Access::everybody;
  return std::nullopt;
}

// @setup account ADDRESS [messages=N] [octets=N] [disabled]
Result<> set_up_account(world::Config& config, const std::vector<std::string>& words) {
  if (words.size() < 2) return wrong("@setup account ADDRESS");
  world::AccountSpec spec{words[1], {}, true};
  for (std::size_t i = 2; i < words.size(); ++i) {
    std::string_view word = words[i];
    std::size_t equals = word.find('=');
    auto number = equals == std::string_view::npos ? std::nullopt
                                                   : to_number<Number>(word.substr(equals + 1));
    if (word == "disabled") {
      spec.enabled = false;
    } else if (word.starts_with("messages=") && number) {
      spec.quota.messages = *number;
    } else if (word.starts_with("octets=") && number) {
      spec.quota.octets = *number;
    } else {
      return wrong("an account has no " + words[i]);
    }
  }
  config.accounts.push_back(std::move(spec));
  return {};
}

// @setup last | shared | keep-unseen | uidl PATTERN | workaround no-nuls | workaround end-of-header
bool set_up_pop3(server::Pop3Server::Config& config, const std::vector<std::string>& words) {
  if (words.size() == 1) {
    if (words[0] == "last") return config.last = true;
    if (words[0] == "shared") return !(config.exclusive = false);
    if (words[0] == "keep-unseen") return !(config.retr_sets_seen = false);
  }
  if (words.size() != 2) return false;
  if (words[0] == "uidl") {
    auto format = wire::pop3::UidlFormat::parse(words[1]);
    if (format) config.uidl = std::move(*format);
    return format.has_value();
  }
  if (words[0] != "workaround") return false;
  if (words[1] == "no-nuls") return config.workarounds.no_nuls = true;
  if (words[1] == "end-of-header") return config.workarounds.end_of_header = true;
  return false;
}

// @setup app-password ADDRESS SCOPE,SCOPE PASSWORD
Result<> set_up_app_password(world::Config& config, const std::vector<std::string>& words) {
  world::AppPasswordSpec spec{words[1], {}, words[3]};
  for (std::string_view name : split(words[2], ',')) {
    auto scope = directory::parse_scope(name);
    if (!scope) return wrong("no scope " + std::string(name));
    spec.scopes.add(*scope);
  }
  config.app_passwords.push_back(std::move(spec));
  return {};
}

Result<> set_up(world::Config& config, const std::vector<std::string>& words) {
  if (words.empty()) return wrong("@setup what?");
  if (words[0] == "account") return set_up_account(config, words);
  if (words[0] == "alias" && words.size() >= 3) {
    config.aliases.push_back({words[1], {words.begin() + 2, words.end()}});
    return {};
  }
  if (set_up_pop3(config.pop3, words)) return {};
  if (words[0] == "app-password" && words.size() == 4) return set_up_app_password(config, words);
  if (words[0] == "grant" && words.size() == 3) {
    config.grants.push_back({words[1], words[2]});
    return {};
  }
  if (words[0] == "disclose-peer") return config.smtp.disclose_peer = true, Result<>();
  if (words[0] == "tls-required") return config.smtp.tls_required = true, Result<>();
  if (words[0] == "no-tls") return config.tls = false, Result<>();
  if (words[0] == "refuse" && words.size() >= 2) {
    auto network = net::IpNetwork::parse(words[1]);
    if (!network) return wrong("@setup refuse NETWORK [at-once]");
    config.refused_networks.push_back(*network);
    config.refuse_at_once = words.size() == 3 && words[2] == "at-once";
    return {};
  }
  if (words[0] == "normalise") {
    config.normalise_line_ends = true;
    return {};
  }
  if ((words[0] == "vrfy" || words[0] == "expn") && words.size() == 2 && access(words[1])) {
    (words[0] == "vrfy" ? config.smtp.vrfy : config.smtp.expn) = *access(words[1]);
    return {};
  }
  if (words[0] == "limit" && words.size() == 3) {
    for (const LimitSetter& limit : kLimitSetters) {
      auto number = to_number<Number>(words[2]);
      if (limit.name != words[1] || !number) continue;
      limit.set(config, *number);
      return {};
    }
  }
  return wrong("no such setup: " + words[0] + (words.size() > 1 ? " " + words[1] : ""));
}

// "2026-01-01T00:00Z"
std::optional<WallTime> parse_clock(std::string_view text) {
  if (text.size() != 17 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != 'Z')
    return std::nullopt;
  auto year = to_number<int>(text.substr(0, 4));
  auto month = to_number<unsigned>(text.substr(5, 2));
  auto day = to_number<unsigned>(text.substr(8, 2));
  auto hour = to_number<int>(text.substr(11, 2));
  auto minute = to_number<int>(text.substr(14, 2));
  if (!year || !month || !day || !hour || !minute) return std::nullopt;
  std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                   std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute);
}

}  // namespace

namespace {

// TLS costs time: only where it can be seen.
bool speaks_of_tls(const Dialog& dialog) {
  return std::ranges::any_of(dialog.steps, [](const Step& step) {
    if (step.kind == Step::Kind::directive)
      return step.text == "tls" || (step.text == "server" && step.arguments.front().ends_with('s'));
    return step.text.find("TLS") != std::string::npos ||
           step.text.find("STLS") != std::string::npos;
  });
}

}  // namespace

Result<world::Config> world_for(const Dialog& dialog, std::uint64_t seed) {
  world::Config config;
  config.seed = seed;
  config.tls = speaks_of_tls(dialog);
  for (const Step& step : dialog.steps) {
    if (step.kind != Step::Kind::directive) continue;
    if (step.text == "setup") {
      if (Result<> done = set_up(config, step.arguments); !done)
        return wrong("line " + std::to_string(step.line) + ": " + done.error().what);
    }
    if (step.text == "server" && !step.arguments.front().starts_with("mx")) config.passwords = true;
  }
  return config;
}

Task<Result<std::unique_ptr<net::Transport>>> SimStage::connect(std::string server,
                                                                std::string peer) {
  net::IpAddress from = anywhere_;
  if (!peer.empty()) {
    CO_TRY(from, net::IpAddress::parse(peer));
  }
  if (server == "mx") co_return co_await world_.dial(from, world_.smtp_endpoint());
  if (server == "pop3") co_return co_await world_.dial(from, world_.pop3_endpoint());
  if (server == "imap") co_return co_await world_.dial(from, world_.imap_endpoint());
  if (server == "mxs") co_return co_await world_.dial(from, world_.smtps_endpoint());
  if (server == "submission") co_return co_await world_.dial(from, world_.submission_endpoint());
  if (server == "submissions") co_return co_await world_.dial(from, world_.submissions_endpoint());
  if (server == "pop3s") co_return co_await world_.dial(from, world_.pop3s_endpoint());
  if (server == "imaps") co_return co_await world_.dial(from, world_.imaps_endpoint());
  co_return wrong("no server called " + server);
}

Task<Result<std::vector<std::string>>> SimStage::mailbox(std::string address) {
  co_return co_await world_.inbox(std::move(address));
}

Task<Result<>> SimStage::directive(Step step) {
  const std::vector<std::string>& args = step.arguments;
  const std::string arg = args.empty() ? "" : args[0];
  if (step.text == "setup") co_return Result<>();  // done before the world began
  if (step.text == "wait") {
    auto duration = parse_duration(arg);
    if (!duration) co_return wrong("@wait 90s, 5m, 2h");
    co_await runtime::sleep_for(*duration);
  } else if (step.text == "clock") {
    auto time = parse_clock(arg);
    if (!time) co_return wrong("@clock 2026-01-01T00:00Z");
    world_.executor().set_wall_clock(*time);
  } else if (step.text == "shutdown") {
    world_.ask_to_end(std::chrono::seconds(30));
  } else if (step.text == "queue") {
    std::size_t wanted = arg == "empty" ? 0 : to_number<std::size_t>(arg).value_or(~0u);
    std::size_t owed = world_.letters_owed();
    if (owed != wanted) co_return wrong(std::to_string(owed) + " letters are owed");
  } else if (step.text == "restart") {
    world_.shut_down(std::chrono::seconds(0));
    world_.start();
  } else if (step.text == "unseen") {
    CO_TRY(std::uint32_t unseen, co_await world_.unseen(arg));
    if (args.size() != 2 || to_number<std::uint32_t>(args[1]) != unseen)
      co_return wrong(std::to_string(unseen) + " messages are unseen");
  } else if (step.text == "event") {
    if (world_.events().count(arg) == 0) co_return wrong("no event " + arg);
  } else if (step.text == "password") {
    CO_TRY_VOID(co_await world_.set_password_again(arg));
  } else if (step.text == "app-password-removed") {
    CO_TRY_VOID(co_await world_.remove_app_password(arg));
  } else if (step.text == "disk") {
    world_.disk().set_free(arg == "full" ? 0 : arg == "low" ? 1_MiB : std::uint64_t{1} << 40);
  } else {
    co_return wrong("no directive called @" + step.text);
  }
  co_return Result<>();
}

Result<> play(const Dialog& dialog, std::uint64_t seed) {
  auto config = world_for(dialog, seed);
  if (!config) return Failure(config.error());
  world::World world(std::move(*config));
  // A claim that names no peer holds for all: strangers, IPv6, this machine.
  static constexpr const char* kAnywhere[] = {"192.0.2.7", "2001:db8::7", "127.0.0.1"};
  SimStage stage(world, *net::IpAddress::parse(kAnywhere[seed % 3]));
  Result<> outcome;
  auto client = [&]() -> Task<> {
    Runner runner(dialog, stage);
    outcome = co_await runner.run();
  };
  world.run(client());
  return outcome;
}

}  // namespace posta::dialogs
