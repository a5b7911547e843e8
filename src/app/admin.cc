#include "app/admin.h"

#include <boost/json.hpp>

#include "app/admin_options.h"
#include "app/units.h"
#include "ops/accounts.h"
#include "ops/aliases.h"
#include "ops/domains.h"

namespace posta::app {

namespace {

using boost::json::object;
using runtime::Task;

Answer wrong(const Error& error) {
  return {1, "", "posta: " + error.what + "\n"};
}
Answer wrong(std::string what) {
  return {1, "", "posta: " + what + "\n"};
}

Answer said(bool json, const boost::json::value& value, std::string words) {
  return {0, json ? boost::json::serialize(value) + "\n" : std::move(words), ""};
}

// "none" takes a setting away.
std::optional<std::string> unless_none(const std::string& text) {
  if (text == "none") return std::nullopt;
  return text;
}

std::string time_text(WallTime time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z", int(date.year()),
                     unsigned(date.month()), unsigned(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

// --- accounts

Result<directory::Quota> quota_of(const AdminOptions& options, directory::Quota quota) {
  if (options.quota) {
    auto text = unless_none(*options.quota);
    quota.octets = 0;
    if (text) {
      TRY(quota.octets, parse_size(*text));
    }
  }
  if (options.quota_messages) quota.messages = *options.quota_messages;
  return quota;
}

object account_json(const ops::AccountState& state) {
  const directory::Account& account = state.account;
  return {{"address", account.address.str()},
          {"name", account.name},
          {"enabled", account.enabled},
          {"postmaster", state.is_postmaster},
          {"has_password", state.has_password},
          {"octets", state.use.octets},
          {"messages", state.use.messages},
          {"quota_octets", account.quota.octets},
          {"quota_messages", account.quota.messages},
          {"created", time_text(account.created)}};
}

std::string account_line(const ops::AccountState& state) {
  const directory::Account& account = state.account;
  std::string limit = account.quota.octets ? print_size(account.quota.octets) : "no limit";
  return fmt::format("{:<40} {:>8} messages {:>12} octets of {}{}{}{}\n", account.address.str(),
                     state.use.messages, state.use.octets, limit,
                     account.enabled ? "" : ", disabled", state.is_postmaster ? ", postmaster" : "",
                     state.has_password ? "" : ", no password");
}

Task<Answer> add_account(House& house, const AdminOptions& options, std::string password) {
  runtime::Executor& executor = co_await runtime::this_executor();
  ops::Accounts accounts(house.store(), house.directory(), house.mailboxes());
  auto address = Address::parse(options.name);
  if (!address) co_return wrong("not an address: " + options.name);
  directory::NewAccount account;
  account.address = *address;
  auto quota = quota_of(options, {});
  if (!quota) co_return wrong(quota.error());
  account.quota = *quota;
  account.name = options.person.value_or("");
  account.force = options.force;
  bool made = !options.password_stdin;
  account.password = made ? directory::generate_password(executor) : std::move(password);
  if (account.password.empty()) co_return wrong("the password on standard input is empty");
  std::string shown = account.password;
  auto added = co_await accounts.add(std::move(account));
  if (!added) co_return wrong(added.error());
  object json{{"address", added->address.str()}};
  if (made) json["password"] = shown;
  co_return said(options.json, json,
                 made ? fmt::format("{}  password: {}\n", added->address.str(), shown)
                      : fmt::format("{} added\n", added->address.str()));
}

Task<Answer> set_password(ops::Accounts& accounts, const AdminOptions& options, Address address,
                          std::string password) {
  runtime::Executor& executor = co_await runtime::this_executor();
  bool made = !options.password_stdin;
  if (made) password = directory::generate_password(executor);
  if (password.empty()) co_return wrong("the password on standard input is empty");
  auto done = co_await accounts.set_password(address, password, options.force);
  if (!done) co_return wrong(done.error());
  object json{{"address", address.str()}};
  if (made) json["password"] = password;
  co_return said(options.json, json,
                 made ? fmt::format("{}  password: {}\n", address.str(), password)
                      : fmt::format("{}: the password is changed\n", address.str()));
}

Task<Answer> set_account(ops::Accounts& accounts, const AdminOptions& options, Address address) {
  directory::AccountChange change;
  if (options.enable || options.disable) change.enabled = options.enable;
  if (options.person) change.name = options.person;
  if (options.quota || options.quota_messages) {
    auto now = co_await accounts.show(address);
    if (!now) co_return wrong(now.error());
    auto quota = quota_of(options, now->account.quota);
    if (!quota) co_return wrong(quota.error());
    change.quota = *quota;
  }
  if (options.postmaster_role) {
    auto done = co_await accounts.set_postmaster(address);
    if (!done) co_return wrong(done.error());
  }
  auto set = co_await accounts.set(address, std::move(change));
  if (!set) co_return wrong(set.error());
  auto state = co_await accounts.show(address);
  if (!state) co_return wrong(state.error());
  co_return said(options.json, account_json(*state), account_line(*state));
}

Task<Answer> account_command(House& house, const AdminOptions& options, std::string input) {
  ops::Accounts accounts(house.store(), house.directory(), house.mailboxes());
  if (options.verb == "add") co_return co_await add_account(house, options, std::move(input));
  if (options.verb == "list") {
    auto list = co_await accounts.list(options.after, options.limit);
    if (!list) co_return wrong(list.error());
    boost::json::array json;
    std::string words;
    for (const auto& state : *list) {
      json.push_back(account_json(state));
      words += account_line(state);
    }
    co_return said(options.json, json, words.empty() ? "no accounts\n" : words);
  }
  auto address = Address::parse(options.name);
  if (!address) co_return wrong("not an address: " + options.name);
  if (options.verb == "password")
    co_return co_await set_password(accounts, options, *address, std::move(input));
  if (options.verb == "set") co_return co_await set_account(accounts, options, *address);
  if (options.verb == "show") {
    auto state = co_await accounts.show(*address);
    if (!state) co_return wrong(state.error());
    co_return said(options.json, account_json(*state), account_line(*state));
  }
  auto removed = co_await accounts.remove(*address);
  if (!removed) co_return wrong(removed.error());
  co_return said(options.json, object{{"removed", address->str()}},
                 address->str() + " and its mail are removed\n");
}

// --- domains

object domain_json(const ops::DomainState& state) {
  const directory::DomainInfo& domain = state.domain;
  return {{"domain", domain.name.str()},
          {"default", domain.is_default},
          {"postmaster", state.postmaster ? state.postmaster->str() : ""},
          {"catch_all", domain.catch_all ? domain.catch_all->str() : ""},
          {"separator", domain.separator ? std::string(1, domain.separator) : ""}};
}

std::string domain_line(const ops::DomainState& state) {
  const directory::DomainInfo& domain = state.domain;
  std::string out = fmt::format("{:<32}", domain.name.display());
  if (domain.is_default) out += " default,";
  out += " postmaster " + (state.postmaster ? state.postmaster->str() : std::string("nobody yet"));
  if (domain.catch_all) out += ", unknown names to " + domain.catch_all->str();
  return out + "\n";
}

Result<ops::DomainSetting> domain_setting(const AdminOptions& options) {
  ops::DomainSetting setting;
  setting.make_default = options.make_default;
  if (options.postmaster) {
    TRY(setting.postmaster, Address::parse(*options.postmaster));
  }
  if (options.catch_all) {
    setting.catch_all.emplace();
    if (auto text = unless_none(*options.catch_all)) {
      TRY(*setting.catch_all, Address::parse(*text));
    }
  }
  if (options.separator) {
    auto text = unless_none(*options.separator);
    if (text && text->size() != 1)
      return fail(Error::Kind::syntax, "a separator is one character, or none");
    setting.separator = text ? text->front() : '\0';
  }
  return setting;
}

Task<Answer> domain_command(House& house, const AdminOptions& options) {
  ops::Domains domains(house.store(), house.directory());
  if (options.verb == "list") {
    auto list = co_await domains.list();
    if (!list) co_return wrong(list.error());
    boost::json::array json;
    std::string words;
    for (const auto& state : *list) {
      json.push_back(domain_json(state));
      words += domain_line(state);
    }
    co_return said(options.json, json, words.empty() ? "no domains\n" : words);
  }
  auto name = Domain::parse(options.name);
  if (!name || name->is_literal()) co_return wrong("not a domain: " + options.name);
  if (options.verb == "remove") {
    auto removed = co_await domains.remove(*name);
    if (!removed) co_return wrong(removed.error());
    co_return said(options.json, object{{"removed", name->str()}}, name->str() + " is removed\n");
  }
  auto setting = domain_setting(options);
  if (!setting) co_return wrong(setting.error());
  auto state = options.verb == "add" ? co_await domains.add(*name, *setting)
                                     : co_await domains.set(*name, *setting);
  if (!state) co_return wrong(state.error());
  co_return said(options.json, domain_json(*state), domain_line(*state));
}

// --- aliases

object alias_json(const directory::Alias& alias) {
  boost::json::array targets;
  for (const auto& target : alias.targets) targets.push_back(boost::json::string(target.str()));
  return {{"address", alias.address.str()}, {"targets", targets}};
}

std::string alias_line(const directory::Alias& alias) {
  std::string out = alias.address.str() + ":";
  for (const auto& target : alias.targets) out += " " + target.str();
  return out + "\n";
}

Task<Answer> alias_command(House& house, const AdminOptions& options) {
  ops::Aliases aliases(house.store(), house.directory());
  if (options.verb == "list") {
    auto list = co_await aliases.list(options.after, options.limit);
    if (!list) co_return wrong(list.error());
    boost::json::array json;
    std::string words;
    for (const auto& alias : *list) {
      json.push_back(alias_json(alias));
      words += alias_line(alias);
    }
    co_return said(options.json, json, words.empty() ? "no aliases\n" : words);
  }
  directory::Alias alias;
  auto address = Address::parse(options.name);
  if (!address) co_return wrong("not an address: " + options.name);
  alias.address = *address;
  if (options.verb == "remove") {
    auto removed = co_await aliases.remove(*address);
    if (!removed) co_return wrong(removed.error());
    co_return said(options.json, object{{"removed", address->str()}},
                   address->str() + " is removed\n");
  }
  for (const std::string& text : options.targets) {
    auto target = Address::parse(text);
    if (!target) co_return wrong("not an address: " + text);
    alias.targets.push_back(*std::move(target));
  }
  auto done = options.verb == "add" ? co_await aliases.add(alias) : co_await aliases.set(alias);
  if (!done) co_return wrong(done.error());
  co_return said(options.json, alias_json(alias), alias_line(alias));
}

// --- queue

object letter_json(const mta::QueuedLetter& letter) {
  boost::json::array owed;
  for (const auto& one : letter.owed)
    owed.push_back(object{{"to", one.recipient.address.str()},
                          {"original", one.recipient.original},
                          {"attempts", one.attempts},
                          {"next_attempt", time_text(one.next_attempt)},
                          {"held", one.held},
                          {"last_reply", one.last_reply.str()},
                          {"last_host", one.last_host},
                          {"delay_told", one.delay_told}});
  return {{"id", to_string(letter.letter.id)},
          {"from", to_string(letter.letter.envelope.from)},
          {"size", letter.message.body.size},
          {"received", time_text(letter.letter.origin.received)},
          {"owed", owed}};
}

std::string letter_lines(const mta::QueuedLetter& letter) {
  std::string out = fmt::format("{}  {:>9} octets  {}  {}\n", to_string(letter.letter.id),
                                letter.message.body.size, time_text(letter.letter.origin.received),
                                to_string(letter.letter.envelope.from));
  for (const auto& one : letter.owed)
    out += fmt::format("    {}  {}, {} attempts, {}\n", one.recipient.address.str(),
                       one.held ? "held" : "next " + time_text(one.next_attempt), one.attempts,
                       one.last_reply.str());
  return out;
}

Task<Answer> queue_command(House& house, const AdminOptions& options) {
  if (options.verb == "show") {
    QueueId id = parse_queue_id(options.name);
    auto letter = co_await house.queue().show(id);
    if (!letter) co_return wrong(letter.error());
    if (!*letter) co_return wrong("nothing of a letter " + options.name + " is owed");
    co_return said(options.json, letter_json(**letter), letter_lines(**letter));
  }
  auto letters = co_await house.queue().list(parse_queue_id(options.after), options.limit);
  if (!letters) co_return wrong(letters.error());
  boost::json::array json;
  std::string words;
  for (const auto& letter : *letters) {
    json.push_back(letter_json(letter));
    words += letter_lines(letter);
  }
  co_return said(options.json, json, words.empty() ? "the queue is empty\n" : words);
}

}  // namespace

Task<Answer> administer(House& house, Request request) {
  AdminOptions options;
  if (auto usage = parse_admin(request.args, options)) co_return *usage;
  if (options.group == "account")
    co_return co_await account_command(house, options, std::move(request.input));
  if (options.group == "domain") co_return co_await domain_command(house, options);
  if (options.group == "alias") co_return co_await alias_command(house, options);
  co_return co_await queue_command(house, options);
}

}  // namespace posta::app
