// admin_account.cc: posta account.

#include "app/admin_common.h"
#include "app/units.h"
#include "ops/accounts.h"
#include "ops/credentials.h"

namespace posta::app {

namespace {

using boost::json::object;
using runtime::Task;

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
  return fmt::format("{:<40} {:>8} message{} {:>12} octets of {}{}{}{}\n", account.address.str(),
                     state.use.messages, state.use.messages == 1 ? " " : "s", state.use.octets,
                     limit, account.enabled ? "" : ", disabled",
                     state.is_postmaster ? ", postmaster" : "",
                     state.has_password ? "" : ", no password");
}

// Everything that there is to know: `posta account show`.
Task<Answer> show_account(House& house, const AdminOptions& options,
                          const ops::AccountState& state) {
  ops::Credentials credentials(house.store(), house.directory());
  auto grants = co_await credentials.grants(state.account.address);
  if (!grants) co_return wrong(grants.error());
  auto refused = co_await house.logins().refused_until(state.account.address);
  if (!refused) co_return wrong(refused.error());
  boost::json::array senders;
  std::string also;
  for (const auto& grant : *grants) {
    senders.push_back(boost::json::string(grant.str()));
    also += (also.empty() ? "" : ", ") + grant.str();
  }
  object json = account_json(state);
  json["may_send_as"] = senders;
  json["logins_refused_until"] = *refused ? time_text(**refused) : "";
  const directory::Account& account = state.account;
  std::string words = account_line(state);
  auto line = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) words += fmt::format("    {:<16} {}\n", what, value);
  };
  line("name", account.name);
  line("made", time_text(account.created));
  if (account.quota.messages > 0) line("message quota", std::to_string(account.quota.messages));
  line("may send as", also);
  if (*refused)
    line("logins", "refused until " + time_text(**refused) +
                       ", for too many wrong passwords; a new one lifts that: posta account "
                       "password");
  co_return said(options.json, json, std::move(words));
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

Task<Answer> set_password(House& house, const AdminOptions& options, Address address,
                          std::string password) {
  ops::Accounts accounts(house.store(), house.directory(), house.mailboxes());
  runtime::Executor& executor = co_await runtime::this_executor();
  bool made = !options.password_stdin;
  if (made) password = directory::generate_password(executor);
  if (password.empty()) co_return wrong("the password on standard input is empty");
  auto done = co_await accounts.set_password(address, password, options.force);
  if (!done) co_return wrong(done.error());
  object json{{"address", address.str()}};
  if (made) json["password"] = password;
  Answer answer = said(options.json, json,
                       made ? fmt::format("{}  password: {}\n", address.str(), password)
                            : fmt::format("{}: the password is changed\n", address.str()));
  co_await forgive_logins(house, address, answer);
  co_return answer;
}

Task<Answer> set_account(House& house, const AdminOptions& options, Address address) {
  ops::Accounts accounts(house.store(), house.directory(), house.mailboxes());
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
  Answer answer = said(options.json, account_json(*state), account_line(*state));
  if (options.disable) co_await warn_of_dead_ends(house, std::move(address), answer);
  co_return answer;
}

}  // namespace

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
    co_return page(options, json, words, "no accounts",
                   list->empty() ? "" : list->back().account.address.str());
  }
  auto address = Address::parse(options.name);
  if (!address) co_return wrong("not an address: " + options.name);
  if (options.verb == "password" && options.change)
    co_return co_await change_own_password(house, options, std::move(input));
  if (options.verb == "grant" || options.verb == "revoke")
    co_return co_await grant_command(house, options);
  if (options.verb == "password")
    co_return co_await set_password(house, options, *address, std::move(input));
  if (options.verb == "set") co_return co_await set_account(house, options, *address);
  if (options.verb == "show") {
    auto state = co_await accounts.show(*address);
    if (!state) co_return wrong(state.error());
    co_return co_await show_account(house, options, *state);
  }
  auto removed = co_await accounts.remove(*address);
  if (!removed) co_return wrong(removed.error());
  Answer answer = said(options.json, object{{"removed", address->str()}},
                       address->str() + " and its mail are removed\n");
  co_await warn_of_dead_ends(house, *address, answer);
  co_return answer;
}

}  // namespace posta::app
