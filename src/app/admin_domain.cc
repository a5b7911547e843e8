// admin_domain.cc: posta domain.

#include "app/admin_common.h"
#include "ops/domains.h"
#include "ops/targets.h"

namespace posta::app {

namespace {

using boost::json::object;
using runtime::Task;

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

// A bare name means the domain that is set.
Result<Address> name_in(const std::string& text, const Domain& domain) {
  auto address = Address::parse(text.find('@') == text.npos ? text + "@" + domain.str() : text);
  if (!address) return fail(Error::Kind::syntax, "not an address: " + text);
  return address;
}

Result<ops::DomainSetting> domain_setting(const AdminOptions& options, const Domain& domain) {
  ops::DomainSetting setting;
  setting.make_default = options.make_default;
  if (options.postmaster) {
    TRY(setting.postmaster, name_in(*options.postmaster, domain));
  }
  if (options.catch_all) {
    setting.catch_all.emplace();
    if (auto text = unless_none(*options.catch_all)) {
      TRY(*setting.catch_all, name_in(*text, domain));
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

}  // namespace

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
  if (options.verb == "show") {
    auto shown = co_await domains.show(*name);
    if (!shown) co_return wrong(shown.error());
    co_return said(options.json, domain_json(*shown), domain_line(*shown));
  }
  auto setting = domain_setting(options, *name);
  if (!setting) co_return wrong(setting.error());
  auto state = options.verb == "add" ? co_await domains.add(*name, *setting)
                                     : co_await domains.set(*name, *setting);
  if (!state) co_return wrong(state.error());
  Answer answer = said(options.json, domain_json(*state), domain_line(*state));
  if (options.catch_all && state->domain.catch_all)
    co_await warn_of_targets(house, ops::catch_all_of(*name), {*state->domain.catch_all}, answer);
  co_return answer;
}

}  // namespace posta::app
