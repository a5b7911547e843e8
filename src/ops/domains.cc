#include "ops/domains.h"

#include <fmt/format.h>

#include "ops/change.h"

namespace posta::ops {

Task<Result<AccountId>> Domains::account_of(Address address) {
  if (address.empty()) co_return AccountId();
  CO_TRY(auto account, co_await directory_.account(address));
  if (!account) {
    co_return fail(Error::Kind::not_found,
                   fmt::format("no account {}: a postmaster is one", address.str()));
  }
  co_return account->id;
}

Task<Result<DomainState>> Domains::add(Domain name, DomainSetting setting) {
  directory::DomainInfo domain;
  domain.name = name;
  if (setting.postmaster) {
    CO_TRY(domain.postmaster, co_await account_of(*setting.postmaster));
  }
  if (setting.catch_all) domain.catch_all = *setting.catch_all;
  domain.separator = setting.separator.value_or(domain.separator);
  domain.is_default = setting.make_default;
  auto prepare = [&](store::Batch& batch) { return directory_.prepare_add_domain(batch, domain); };
  CO_TRY_VOID(co_await change(store_, prepare));
  co_return co_await show(std::move(name));
}

Task<Result<DomainState>> Domains::set(Domain name, DomainSetting setting) {
  directory::DomainChange what{std::nullopt, setting.catch_all, setting.separator,
                               setting.make_default};
  if (setting.postmaster) {
    CO_TRY(what.postmaster, co_await account_of(*setting.postmaster));
  }
  auto prepare = [&](store::Batch& batch) {
    return directory_.prepare_change_domain(batch, name, what);
  };
  CO_TRY_VOID(co_await change(store_, prepare));
  co_return co_await show(std::move(name));
}

Task<Result<>> Domains::remove(Domain name) {
  auto prepare = [&](store::Batch& batch) { return directory_.prepare_remove_domain(batch, name); };
  co_return co_await change(store_, prepare);
}

Task<Result<DomainState>> Domains::state_of(directory::DomainInfo domain) {
  DomainState state;
  CO_TRY(auto entry, co_await directory_.look_up(Address{"postmaster", domain.name}));
  if (auto* account = std::get_if<directory::IsAccount>(&entry))
    state.postmaster = std::move(account->account.address);
  if (auto* alias = std::get_if<directory::IsAlias>(&entry))
    state.postmaster = std::move(alias->alias);
  state.domain = std::move(domain);
  co_return state;
}

Task<Result<DomainState>> Domains::show(Domain name) {
  CO_TRY(auto domain, co_await directory_.domain(name));
  if (!domain) {
    co_return fail(Error::Kind::not_found,
                   fmt::format("{} is not a domain of this server", name.display()));
  }
  co_return co_await state_of(*std::move(domain));
}

Task<Result<std::vector<DomainState>>> Domains::list() {
  CO_TRY(auto domains, co_await directory_.domains());
  std::vector<DomainState> out;
  out.reserve(domains.size());
  for (auto& domain : domains) {
    CO_TRY(auto state, co_await state_of(std::move(domain)));
    out.push_back(std::move(state));
  }
  co_return out;
}

}  // namespace posta::ops
