// authenticate.cc: who is it, and is it true? The same work for every kind of "no".
#include "base/text.h"
#include "directory/inside.h"
#include "directory/keys.h"
#include "directory/records.h"

namespace posta::directory {

namespace {

using Snapshot = std::shared_ptr<const store::Snapshot>;

// The account whose own address the login is; nothing if there is none.
Task<Result<std::optional<Account>>> account_of(Snapshot at, std::string login) {
  Address address;
  if (auto whole = Address::parse(login)) {
    address = *std::move(whole);
  } else {
    std::string_view rest = login;
    auto local = take_local_part(rest);
    if (!local || !rest.empty()) co_return std::nullopt;
    CO_TRY(auto record, co_await at->get(std::string(kMetaKey)));
    if (!record) co_return std::nullopt;
    CO_TRY(auto meta, decode_meta(*record));
    address = {*std::move(local), std::move(meta.default_domain)};
  }
  CO_TRY(auto record, co_await at->get(address_key(address.domain, address.local)));
  if (!record) co_return std::nullopt;
  CO_TRY(auto entry, decode_address(*record));
  auto* id = std::get_if<AccountId>(&entry);
  if (!id) co_return std::nullopt;
  CO_TRY(auto account, co_await at->get(account_key(*id)));
  if (!account) co_return fail(Error::Kind::corrupt, "an address of an account that is not there");
  co_return decode_account(*id, *account);
}

}  // namespace

Task<Result<Authenticated>> Directory::authenticate(std::string login, std::string password,
                                                    Scope) {
  // Says nothing about the user: it is asked before who that is.
  if (password.empty() || password.size() > impl_->limits.password_octets_max)
    co_return Authenticated{};
  Snapshot at = impl_->store.snapshot();
  CO_TRY(auto account, co_await account_of(at, std::move(login)));
  std::optional<std::string> record;
  if (account) {
    CO_TRY(record, co_await at->get(password_key(account->id)));
  }
  at.reset();
  if (!record) {
    CO_TRY_VOID(co_await impl_->hasher.verify_nobody(std::move(password)));
    co_return Authenticated{};
  }
  CO_TRY(auto stored, decode_password(*record));
  CO_TRY(auto hash, decode_password_hash(stored.hash));
  CO_TRY(bool right, co_await impl_->hasher.verify(std::move(hash), std::move(password)));
  if (!right) co_return Authenticated{};
  if (!account->enabled) co_return Authenticated{Login::disabled, {}};
  co_return Authenticated{Login::ok, Principal{account->id, std::move(account->address)}};
}

}  // namespace posta::directory
