// admin_credentials.cc: posta app-password; of posta account: password --change, grant, revoke.

#include "app/admin_common.h"
#include "base/text.h"
#include "ops/credentials.h"

namespace posta::app {

namespace {

using boost::json::object;
using runtime::Task;

object app_password_json(const directory::AppPassword& one) {
  boost::json::array scopes;
  const std::string names = directory::to_string(one.scopes);
  for (std::string_view name : split(names, ',')) scopes.push_back(boost::json::string(name));
  object out{{"number", one.number},
             {"name", one.name},
             {"scopes", scopes},
             {"created", time_text(one.created)}};
  if (one.used)
    out["used"] = time_text(*one.used);
  else
    out["used"] = nullptr;
  return out;
}

std::string app_password_line(const directory::AppPassword& one) {
  return fmt::format("{:>3}  {:<24} {:<14} made {}, {}\n", one.number, one.name,
                     directory::to_string(one.scopes), time_text(one.created),
                     one.used ? "last used about " + time_text(*one.used) : "never used");
}

Task<Answer> add(House& house, ops::Credentials& credentials, const AdminOptions& options,
                 Address address) {
  runtime::Executor& executor = co_await runtime::this_executor();
  directory::NewAppPassword made;
  made.name = options.targets.empty() ? "" : options.targets.front();
  if (!options.scopes.empty()) {
    made.scopes = {};
    for (const std::string& word : options.scopes)
      for (std::string_view name : split(word, ',')) {
        auto scope = directory::parse_scope(name);
        if (!scope) co_return wrong("no scope " + printable(name) + "; there are imap, pop3, smtp");
        made.scopes.add(*scope);
      }
  }
  made.password = directory::generate_password(executor);
  auto number = co_await credentials.add_app_password(address, made);
  if (!number) co_return wrong(number.error());
  object json{{"number", *number},
              {"name", made.name},
              {"scopes", directory::to_string(made.scopes)},
              {"password", made.password}};
  Answer answer = said(options.json, json,
                       fmt::format("app password {} ({}) for {}: {}\n", *number, made.name,
                                   directory::to_string(made.scopes), made.password));
  co_await forgive_logins(house, std::move(address), answer);
  co_return answer;
}

}  // namespace

Task<Answer> app_password_command(House& house, const AdminOptions& options) {
  ops::Credentials credentials(house.store(), house.directory());
  auto address = Address::parse(options.name);
  if (!address) co_return wrong("not an address: " + options.name);
  if (options.verb == "add") co_return co_await add(house, credentials, options, *address);
  if (options.verb == "list") {
    auto list = co_await credentials.app_passwords(*address);
    if (!list) co_return wrong(list.error());
    boost::json::array json;
    std::string words;
    for (const auto& one : *list) {
      json.push_back(app_password_json(one));
      words += app_password_line(one);
    }
    co_return said(options.json, json, words.empty() ? "no app passwords\n" : words);
  }
  auto removed = co_await credentials.remove_app_password(*address, options.number);
  if (!removed) co_return wrong(removed.error());
  co_return said(options.json, object{{"removed", options.number}},
                 fmt::format("app password {} is removed\n", options.number));
}

// Two lines: the old password, the new one.
Task<Answer> change_own_password(House& house, const AdminOptions& options, std::string input) {
  auto address = Address::parse(options.name);
  if (!address) co_return wrong("not an address: " + options.name);
  auto lines = split(input, '\n');
  if (lines.size() < 2 || lines[0].empty() || lines[1].empty())
    co_return wrong("standard input has two lines: the old password, then the new one");
  auto line = [](std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    return std::string(text);
  };
  ops::Credentials credentials(house.store(), house.directory());
  auto done =
      co_await credentials.change_password(*address, line(lines[0]), line(lines[1]), options.force);
  if (!done) co_return wrong(done.error());
  co_return said(options.json, object{{"address", address->str()}},
                 address->str() + ": the password is changed\n");
}

Task<Answer> grant_command(House& house, const AdminOptions& options) {
  ops::Credentials credentials(house.store(), house.directory());
  auto address = Address::parse(options.name);
  if (!address) co_return wrong("not an address: " + options.name);
  if (options.targets.empty()) {
    auto list = co_await credentials.grants(*address);
    if (!list) co_return wrong(list.error());
    boost::json::array json;
    std::string words;
    for (const auto& grant : *list) {
      json.push_back(boost::json::string(grant.str()));
      words += grant.str() + "\n";
    }
    co_return said(options.json, json,
                   words.empty() ? "nothing beside its own addresses\n" : words);
  }
  auto grant = directory::parse_grant(options.targets.front());
  if (!grant)
    co_return wrong("not a sender: " + options.targets.front() + "; an address, or @ and a domain");
  const bool give = options.verb == "grant";
  auto done = give ? co_await credentials.grant(*address, *grant)
                   : co_await credentials.revoke(*address, *grant);
  if (!done) co_return wrong(done.error());
  co_return said(
      options.json, object{{"address", address->str()}, {"sender", grant->str()}, {"may", give}},
      fmt::format("{} may {}send as {}\n", address->str(), give ? "" : "no longer ", grant->str()));
}

}  // namespace posta::app
