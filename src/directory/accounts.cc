// accounts.cc: accounts are added, set and removed.
#include <fmt/format.h>

#include "base/text.h"
#include "directory/draft.h"
#include "directory/fold.h"
#include "directory/inside.h"
#include "directory/keys.h"

namespace posta::directory {

Result<> check_name(std::string_view name, const Limits& limits) {
  if (name.size() > limits.name_octets_max)
    return fail(Error::Kind::limit,
                fmt::format("a name of more than {} octets", limits.name_octets_max));
  if (!is_utf8(name) || printable(name) != name)
    return fail(Error::Kind::syntax, "a name is text, without control characters");
  return {};
}

namespace {

Failure still_postmaster(const Account& account, std::string_view verb) {
  return fail(Error::Kind::conflict,
              fmt::format("{} answers for postmaster and cannot be {}: make another account the "
                          "postmaster first",
                          account.address.str(), verb));
}

// What is free: neither an account nor an alias.
Task<Result<>> check_free(Draft& draft, const Address& address) {
  CO_TRY(auto there, co_await draft.get(address_key(address.domain, address.local)));
  if (!there) co_return {};
  CO_TRY(auto entry, decode_address(*there));
  co_return fail(Error::Kind::conflict,
                 fmt::format("{} is an {} already", address.str(),
                             std::holds_alternative<Alias>(entry) ? "alias" : "account"));
}

}  // namespace

Task<Result<AccountId>> Directory::prepare_add_account(store::Batch& batch, NewAccount account) {
  CO_TRY_VOID(check_name(account.name, impl_->limits));
  std::string hash;
  ScramRecord scram;
  if (!account.password.empty()) {
    CO_TRY_VOID(check_password(account.password, account.force, impl_->limits));
    // Before what counts is read: it takes long enough for others to commit.
    Address address;
    {
      Draft draft(impl_->store, batch);
      CO_TRY(address, co_await draft.own_address(account.address));
    }
    CO_TRY(hash, co_await impl_->hasher.hash(account.password));
    CO_TRY(ScramRecord salts, co_await impl_->new_salts(std::move(address)));
    CO_TRY(scram, co_await impl_->hasher.scram_keys(std::move(salts), std::move(account.password)));
  }
  runtime::Executor& executor = co_await runtime::this_executor();
  Draft draft(impl_->store, batch);
  CO_TRY(auto address, co_await draft.own_address(std::move(account.address)));
  if (is_pattern(address.local))
    co_return fail(Error::Kind::syntax, "the address of an account has no asterisk");
  CO_TRY_VOID(co_await check_free(draft, address));
  CO_TRY(auto meta, co_await draft.meta());
  if (meta.accounts >= impl_->limits.accounts_max) {
    co_return fail(
        Error::Kind::limit,
        fmt::format("there are {} accounts, and no more may be (accounts_max)", meta.accounts));
  }
  AccountId id = meta.next;
  meta.next = id.next();
  ++meta.accounts;
  if (!meta.postmaster) meta.postmaster = id;
  WallTime now = executor.wall();
  Account made{
      .id = id, .address = address, .quota = account.quota, .name = account.name, .created = now};
  draft.put(std::string(kMetaKey), encode(meta));
  draft.put(account_key(id), encode(made));
  draft.put(address_key(address.domain, address.local), encode(AtAddress(id)));
  if (!hash.empty()) {
    draft.put(password_key(id), encode(PasswordRecord{.hash = std::move(hash), .set = now}));
    draft.put(scram_key(id), encode(scram));
  }
  draft.apply();
  co_return id;
}

Task<Result<>> Directory::prepare_set_account(store::Batch& batch, Account account) {
  Draft draft(impl_->store, batch);
  CO_TRY(auto now, co_await draft.existing_account(account.id));
  if (fold_local(account.address.local) != fold_local(now.address.local) ||
      account.address.domain != now.address.domain) {
    co_return fail(
        Error::Kind::conflict,
        fmt::format("the address of an account does not change: it stays {}", now.address.str()));
  }
  AccountChange change{account.enabled, account.quota, std::move(account.name)};
  co_return co_await prepare_change_account(batch, account.id, std::move(change));
}

Task<Result<>> Directory::prepare_change_account(store::Batch& batch, AccountId id,
                                                 AccountChange change) {
  if (change.name) CO_TRY_VOID(check_name(*change.name, impl_->limits));
  Draft draft(impl_->store, batch);
  CO_TRY(auto account, co_await draft.existing_account(id));
  if (change.enabled == false) {
    CO_TRY(auto meta, co_await draft.meta());
    if (meta.postmaster == id) co_return still_postmaster(account, "disabled");
  }
  account.enabled = change.enabled.value_or(account.enabled);
  account.quota = change.quota.value_or(account.quota);
  account.name = std::move(change.name).value_or(std::move(account.name));
  draft.put(account_key(id), encode(account));
  draft.apply();
  co_return {};
}

Task<Result<>> Directory::prepare_remove_account(store::Batch& batch, AccountId id) {
  runtime::Executor& executor = co_await runtime::this_executor();
  Draft draft(impl_->store, batch);
  CO_TRY(auto account, co_await draft.existing_account(id));
  CO_TRY(auto meta, co_await draft.meta());
  if (meta.postmaster == id) {
    if (meta.accounts > 1) co_return still_postmaster(account, "removed");
    meta.postmaster = {};
  }
  --meta.accounts;
  draft.put(std::string(kMetaKey), encode(meta));
  draft.erase(account_key(id));
  draft.erase(address_key(account.address.domain, account.address.local));
  draft.erase_range(credentials_of(id));
  draft.erase_range(grants_of(id));
  draft.erase_range(last_uses_of(id));
  draft.put(removed_key(id), encode(Removed{.removed = executor.wall()}));
  draft.apply();
  co_return {};
}

void Directory::forget_removed(store::Batch& batch, AccountId id) {
  batch.erase(removed_key(id)).touch(kPartition);
}

Task<Result<>> Directory::prepare_set_postmaster(store::Batch& batch, AccountId id) {
  Draft draft(impl_->store, batch);
  CO_TRY(auto account, co_await draft.existing_account(id));
  if (!account.enabled) {
    co_return fail(Error::Kind::conflict,
                   fmt::format("{} is switched off: enable it first", account.address.str()));
  }
  CO_TRY(auto meta, co_await draft.meta());
  meta.postmaster = id;
  draft.put(std::string(kMetaKey), encode(meta));
  draft.apply();
  co_return {};
}

}  // namespace posta::directory
