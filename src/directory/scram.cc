// scram.cc: what a SCRAM exchange is about (wire/sasl says what is said in it).
#include "directory/inside.h"
#include "directory/keys.h"

namespace posta::directory {

Task<Result<ScramLogin>> Directory::scram(std::string login, wire::sasl::Hash hash, Scope scope) {
  Snapshot at = impl_->store.snapshot();
  CO_TRY(auto who, co_await impl_->who_is(at, std::move(login)));
  Credentials held;
  if (who.account) {
    CO_TRY(held, co_await impl_->credentials_of(at, who.account->id));
  }
  at.reset();
  // Made in any case: the work is the same for everybody.
  CO_TRY(ScramRecord made, co_await impl_->new_salts(who.address));
  ScramLogin out;
  const ScramPart& part = held.scram ? held.scram->of(hash) : made.of(hash);
  out.salt = part.salt;
  out.iterations = part.iterations;
  if (!held.scram) co_return out;
  if (!part.keys.stored.empty()) out.keys.push_back({part.keys, held.own()});
  for (const auto& app : held.apps)
    if (app.record.scopes.has(scope)) out.keys.push_back({app.record.of(hash), app.credential});
  out.principal = {who.account->id, who.account->address};
  out.enabled = who.account->enabled;
  co_return out;
}

Task<Result<Authenticated>> Directory::scram_proved(ScramLogin login, std::size_t which) {
  CHECK(which < login.keys.size());
  if (!login.enabled) co_return Authenticated{.outcome = Login::disabled};
  login.principal.credential = login.keys[which].credential;
  std::uint32_t app = login.principal.credential.app_password;
  if (app != 0) CO_TRY_VOID(co_await impl_->note_use(login.principal.account, app));
  co_return Authenticated{Login::ok, std::move(login.principal), app};
}

}  // namespace posta::directory
