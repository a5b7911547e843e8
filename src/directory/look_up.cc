// look_up.cc: what an address is. Asked for every RCPT, so a known answer costs one copy.
#include <fmt/format.h>

#include "base/text.h"
#include "directory/fold.h"
#include "directory/inside.h"
#include "directory/keys.h"
#include "directory/records.h"

namespace posta::directory {

namespace {

using Snapshot = std::shared_ptr<const store::Snapshot>;

Failure dangling(AccountId id) {
  return fail(Error::Kind::corrupt,
              fmt::format("an address names account {}, which is not there", id.value));
}

Task<Result<Meta>> meta_at(Snapshot at) {
  CO_TRY(auto record, co_await at->get(std::string(kMetaKey)));
  if (!record) co_return Meta{};
  co_return decode_meta(*record);
}

Task<Result<std::optional<Account>>> account_at(Snapshot at, AccountId id) {
  if (!id) co_return std::nullopt;
  CO_TRY(auto record, co_await at->get(account_key(id)));
  if (!record) co_return std::nullopt;
  co_return decode_account(id, *record);
}

// The account or alias that is exactly at the address; Unknown if there is none.
Task<Result<Entry>> exactly(Snapshot at, const Domain& domain, std::string_view local) {
  CO_TRY(auto record, co_await at->get(address_key(domain, local)));
  if (!record) co_return Unknown{};
  CO_TRY(auto found, decode_address(*record));
  if (auto* alias = std::get_if<Alias>(&found))
    co_return IsAlias{std::move(alias->address), std::move(alias->targets), {}};
  AccountId id = std::get<AccountId>(found);
  CO_TRY(auto account, co_await account_at(at, id));
  if (!account) co_return dangling(id);
  if (!account->enabled) co_return Disabled{id};
  co_return IsAccount{*std::move(account), {}};
}

// Whoever answers for the domain; Unknown if nobody does anywhere.
Task<Result<Entry>> postmaster_of(Snapshot at, AccountId of_domain) {
  CO_TRY(auto account, co_await account_at(at, of_domain));
  if (!account || !account->enabled) {
    CO_TRY(auto meta, co_await meta_at(at));
    CO_TRY(account, co_await account_at(at, meta.postmaster));
  }
  if (!account) co_return Unknown{};
  if (!account->enabled) co_return Disabled{account->id};
  co_return IsAccount{*std::move(account), {}};
}

void set_detail(Entry& entry, std::string_view detail) {
  if (auto* account = std::get_if<IsAccount>(&entry)) account->detail = detail;
  if (auto* alias = std::get_if<IsAlias>(&entry)) alias->detail = detail;
}

}  // namespace

bool is_role(std::string_view local) {
  return equals_ignore_case(local, "postmaster") || equals_ignore_case(local, "abuse");
}

Task<Result<Directory::Impl::DomainFound>> Directory::Impl::find_domain(Snapshot at, Domain name) {
  // What is cached holds for this snapshot if nothing was committed after either was read.
  if (store::Version last = valid_from(); at->version() >= last) {
    if (auto known = domains.find(name.str(), last)) co_return known;
  }
  CO_TRY(auto record, co_await at->get(domain_key(name)));
  if (!record) co_return domains.put(name.str(), std::nullopt, at->version());
  CO_TRY(auto info, decode_domain(name, *record));
  CO_TRY(auto meta, co_await meta_at(at));
  info.is_default = meta.default_domain == name;
  DomainEntry entry{std::move(info), {}};
  CO_TRY(auto patterns, co_await at->scan(patterns_of(name), limits.patterns_max));
  for (const auto& [key, value] : patterns) {
    CO_TRY(auto found, decode_address(value));
    auto* alias = std::get_if<Alias>(&found);
    if (!alias || !is_pattern(alias->address.local))
      co_return fail(Error::Kind::corrupt, "a pattern that is none");
    entry.patterns.add(std::move(*alias));
  }
  co_return domains.put(name.str(), std::move(entry), at->version());
}

Task<Result<Entry>> Directory::Impl::look_up_cold(Address address) {
  Snapshot at = store.snapshot();
  std::string name = address.domain.str() + '\0' + address.local;
  std::string folded = fold_local(address.local);
  Entry entry = NotLocal{};
  if (address.domain.empty()) {
    CO_TRY(auto meta, co_await meta_at(at));
    address.domain = std::move(meta.default_domain);
  }
  DomainFound domain;
  if (!address.domain.empty()) {
    CO_TRY(domain, co_await find_domain(at, address.domain));
  }
  if (domain && *domain) {
    const DomainInfo& info = (*domain)->info;
    CO_TRY(entry, co_await exactly(at, info.name, address.local));
    if (std::holds_alternative<Unknown>(entry) && is_role(address.local)) {
      CO_TRY(entry, co_await postmaster_of(at, info.postmaster));
    }
    // RFC 5233 §1. The first separator parts user and detail; neither side of it is looked into.
    auto separator = info.separator ? address.local.find(info.separator) : std::string::npos;
    if (std::holds_alternative<Unknown>(entry) && separator != std::string::npos && separator > 0) {
      CO_TRY(entry, co_await exactly(at, info.name, address.local.substr(0, separator)));
      set_detail(entry, std::string_view(address.local).substr(separator + 1));
    }
    if (std::holds_alternative<Unknown>(entry)) {
      if (const Alias* alias = (*domain)->patterns.match(folded))
        entry = IsAlias{alias->address, alias->targets, {}};
    }
    // A catch-all that is itself unknown would catch itself.
    if (std::holds_alternative<Unknown>(entry) && info.catch_all &&
        !(info.catch_all->domain == info.name && fold_local(info.catch_all->local) == folded))
      entry = IsAlias{Address{"*", info.name}, {*info.catch_all}, {}};
  }
  entries.put(std::move(name), entry, at->version());
  co_return entry;
}

Task<Result<Entry>> Directory::look_up(Address address) {
  std::string name;
  name.reserve(address.domain.str().size() + 1 + address.local.size());
  name.append(address.domain.str()).append(1, '\0').append(address.local);
  if (auto known = impl_->entries.find(name, impl_->valid_from())) co_return *known;
  co_return co_await impl_->look_up_cold(std::move(address));
}

Task<Result<Entry>> Directory::postmaster(Domain name) {
  Snapshot at = impl_->store.snapshot();
  if (name.empty()) {
    CO_TRY(auto meta, co_await meta_at(at));
    name = std::move(meta.default_domain);
  }
  CO_TRY(auto domain, co_await impl_->find_domain(at, std::move(name)));
  if (!*domain) co_return NotLocal{};
  co_return co_await postmaster_of(at, (*domain)->info.postmaster);
}

Task<Result<std::optional<DomainInfo>>> Directory::domain(Domain name) {
  CO_TRY(auto found, co_await impl_->find_domain(impl_->store.snapshot(), std::move(name)));
  if (!*found) co_return std::nullopt;
  co_return (*found)->info;
}

Task<Result<std::optional<Account>>> Directory::account(AccountId id) {
  std::string name(reinterpret_cast<const char*>(&id.value), sizeof id.value);
  if (auto known = impl_->accounts.find(name, impl_->valid_from())) co_return *known;
  Snapshot at = impl_->store.snapshot();
  CO_TRY(auto account, co_await account_at(at, id));
  impl_->accounts.put(std::move(name), account, at->version());
  co_return account;
}

Task<Result<std::optional<Account>>> Directory::account(Address address) {
  Snapshot at = impl_->store.snapshot();
  if (address.domain.empty()) {
    CO_TRY(auto meta, co_await meta_at(at));
    address.domain = std::move(meta.default_domain);
  }
  CO_TRY(auto record, co_await at->get(address_key(address.domain, address.local)));
  if (!record) co_return std::nullopt;
  CO_TRY(auto found, decode_address(*record));
  auto* id = std::get_if<AccountId>(&found);
  if (!id) co_return std::nullopt;
  CO_TRY(auto account, co_await account_at(at, *id));
  if (!account) co_return dangling(*id);
  co_return account;
}

Task<Result<bool>> Directory::has_password(AccountId id) {
  CO_TRY(auto record, co_await impl_->store.snapshot()->get(password_key(id)));
  co_return record.has_value();
}

Task<Result<System>> Directory::system() {
  CO_TRY(auto meta, co_await meta_at(impl_->store.snapshot()));
  co_return System{meta.postmaster, std::move(meta.default_domain), meta.accounts};
}

}  // namespace posta::directory
