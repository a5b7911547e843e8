// admin_alias.cc: posta alias.

#include "app/admin_common.h"
#include "ops/aliases.h"

namespace posta::app {

namespace {

using boost::json::object;
using runtime::Task;

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

// Where the address leads, whatever it is: "bob+x@example.org: bob@example.org (an account)".
Task<Answer> show_address(House& house, const AdminOptions& options, Address address) {
  auto entry = co_await house.directory().look_up(address);
  if (!entry) co_return wrong(entry.error());
  if (std::holds_alternative<directory::NotLocal>(*entry))
    co_return wrong(address.domain.display() + " is not a domain of this server");
  if (std::holds_alternative<directory::Unknown>(*entry))
    co_return wrong(address.str() + " does not exist here");
  if (std::holds_alternative<directory::Disabled>(*entry))
    co_return wrong(address.str() + " is an account that is switched off");
  std::string is;
  directory::Alias found;
  if (auto* account = std::get_if<directory::IsAccount>(&*entry)) {
    found = {address, {account->account.address}};
    is = directory::is_role(address.local) && account->account.address != address
             ? "who answers for the domain"
             : "an account";
  }
  if (auto* alias = std::get_if<directory::IsAlias>(&*entry)) {
    const bool caught = alias->alias.local == "*";
    found = {caught ? address : alias->alias, std::move(alias->targets)};
    if (caught) is = "the catch-all of " + alias->alias.domain.display();
  }
  std::string words = alias_line(found);
  if (!is.empty()) words.insert(words.size() - 1, " (" + is + ")");
  object json = alias_json(found);
  json["is"] = is.empty() ? "an alias" : is;
  co_return said(options.json, json, std::move(words));
}

}  // namespace

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
    co_return page(options, json, words, "no aliases",
                   list->empty() ? "" : list->back().address.str());
  }
  directory::Alias alias;
  auto address = Address::parse(options.name);
  if (!address) co_return wrong("not an address: " + options.name);
  alias.address = *address;
  if (options.verb == "remove") {
    auto removed = co_await aliases.remove(*address);
    if (!removed) co_return wrong(removed.error());
    Answer answer =
        said(options.json, object{{"removed", address->str()}}, address->str() + " is removed\n");
    co_await warn_of_dead_ends(house, *address, answer);
    co_return answer;
  }
  if (options.verb == "show") {
    co_return co_await show_address(house, options, *address);
  }
  for (const std::string& text : options.targets) {
    auto target = Address::parse(text);
    if (!target) co_return wrong("not an address: " + text);
    alias.targets.push_back(*std::move(target));
  }
  auto done = options.verb == "add" ? co_await aliases.add(alias) : co_await aliases.set(alias);
  if (!done) co_return wrong(done.error());
  Answer answer = said(options.json, alias_json(alias), alias_line(alias));
  co_await warn_of_targets(house, alias.address, alias.targets, answer);
  co_return answer;
}

}  // namespace posta::app
