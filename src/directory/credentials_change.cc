// credentials_change.cc: passwords and app passwords are set and taken away.
//
// A password is hashed before the change reads what it stands on: hashing takes long enough for
// others to commit. What the hashes were made with (the salts) is read once more by the change, and
// if it is another one by then, they are made anew.
#include <fmt/format.h>

#include "base/text.h"
#include "directory/draft.h"
#include "directory/inside.h"
#include "directory/keys.h"
#include "wire/sasl/hash.h"
#include "wire/sasl/prepare.h"

namespace posta::directory {

Result<> check_password(std::string_view password, bool force, const Limits& limits) {
  if (password.size() > limits.password_octets_max) {
    return fail(Error::Kind::limit,
                fmt::format("a password of more than {} octets", limits.password_octets_max));
  }
  // RFC 8265 §4.2.1: no controls. NUL could not even be sent (RFC 4616 §2).
  auto control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (auto at = std::ranges::find_if(password, control); at != password.end()) {
    return fail(Error::Kind::syntax, "a control character in a password",
                static_cast<std::size_t>(at - password.begin()));
  }
  if (password.size() < limits.password_octets_min && !force) {
    return fail(Error::Kind::limit,
                fmt::format("a password of fewer than {} characters is guessed soon: take a longer "
                            "one, or insist with --force",
                            limits.password_octets_min));
  }
  return {};
}

namespace {

// The salts of an account: those that it has, as long as an app password needs them.
Task<Result<std::optional<ScramRecord>>> scram_record(Draft& draft, AccountId id) {
  CO_TRY(auto record, co_await draft.get(scram_key(id)));
  if (!record) co_return std::nullopt;
  CO_TRY(ScramRecord scram, decode_scram(*record));
  co_return scram;
}

bool same_counts(const ScramRecord& scram, std::uint32_t iterations) {
  return scram.sha_256.iterations == iterations && scram.sha_1.iterations == iterations;
}

}  // namespace

Task<Result<>> Directory::prepare_set_password(store::Batch& batch, AccountId id,
                                               std::string password, bool force) {
  runtime::Executor& executor = co_await runtime::this_executor();
  std::string hash;
  if (!password.empty()) {
    CO_TRY_VOID(check_password(password, force, impl_->limits));
    CO_TRY(hash, co_await impl_->hasher.hash(password));
  }
  std::optional<ScramRecord> keys;  // made with the salts that it has
  for (;;) {
    Draft draft(impl_->store, batch);
    CO_TRY(auto account, co_await draft.existing_account(id));
    CO_TRY(auto now, co_await scram_record(draft, id));
    // Counts that are out of date are raised when no app password stands on them.
    std::optional<ScramRecord> salts = now;
    if (now && !same_counts(*now, impl_->limits.scram_iterations)) {
      draft.require_unchanged();
      CO_TRY(auto apps, co_await draft.keys_in(app_passwords_of(id), 1));
      if (apps.empty()) salts.reset();
    }
    if (hash.empty()) {
      draft.erase(password_key(id));
      if (now) {
        now->sha_256.keys = now->sha_1.keys = {};
        draft.put(scram_key(id), encode(*now));
      }
      draft.apply();
      co_return {};
    }
    if (!salts) {
      CO_TRY(salts, co_await impl_->new_salts(account.address));
    }
    if (keys && keys->same_salts(*salts)) {
      draft.put(password_key(id),
                encode(PasswordRecord{.hash = std::move(hash), .set = executor.wall()}));
      draft.put(scram_key(id), encode(*keys));
      draft.apply();
      co_return {};
    }
    CO_TRY(keys, co_await impl_->hasher.scram_keys(*std::move(salts), password));
  }
}

Task<Result<std::uint32_t>> Directory::prepare_add_app_password(store::Batch& batch, AccountId id,
                                                                NewAppPassword password) {
  runtime::Executor& executor = co_await runtime::this_executor();
  CO_TRY_VOID(check_name(password.name, impl_->limits));
  CO_TRY_VOID(check_password(password.password, false, impl_->limits));
  if (password.name.empty())
    co_return fail(Error::Kind::syntax, "an app password needs a name, to know it by later");
  if (password.scopes.empty())
    co_return fail(Error::Kind::syntax, "an app password that is good for nothing");
  std::array<unsigned char, kSaltOctets> random;
  executor.fill_random(random);
  AppPasswordRecord made;
  made.salt.assign(random.begin(), random.end());
  made.tag = wire::sasl::hmac(wire::sasl::Hash::sha_256, made.salt,
                              wire::sasl::prepare_password(password.password));
  made.name = std::move(password.name);
  made.scopes = password.scopes;
  made.created = executor.wall();
  std::optional<ScramRecord> keys;
  for (;;) {
    Draft draft(impl_->store, batch);
    CO_TRY(auto account, co_await draft.existing_account(id));
    CO_TRY(auto salts, co_await scram_record(draft, id));
    const bool has_salts = salts.has_value();
    if (!salts) {
      CO_TRY(salts, co_await impl_->new_salts(account.address));
    }
    if (!keys || !keys->same_salts(*salts)) {
      CO_TRY(keys, co_await impl_->hasher.scram_keys(*std::move(salts), password.password));
      continue;
    }
    made.sha_256 = keys->sha_256.keys;
    made.sha_1 = keys->sha_1.keys;
    // The number after the last: two who add at once meet at one key.
    CO_TRY(auto there, co_await draft.keys_in(app_passwords_of(id), ~std::size_t{0}));
    if (there.size() >= impl_->limits.app_passwords_max) {
      co_return fail(Error::Kind::limit,
                     fmt::format("{} has {} app passwords already: remove one first",
                                 account.address.str(), there.size()));
    }
    std::uint32_t number = there.empty() ? 1 : number_in(there.back()) + 1;
    CO_TRY_VOID(co_await draft.get(app_password_key(id, number)));
    // An account without a password of its own gets its salts here.
    if (!has_salts) {
      salts->sha_256.keys = salts->sha_1.keys = {};
      draft.put(scram_key(id), encode(*salts));
    }
    draft.put(app_password_key(id, number), encode(made));
    draft.apply();
    co_return number;
  }
}

Task<Result<>> Directory::prepare_remove_app_password(store::Batch& batch, AccountId id,
                                                      std::uint32_t number) {
  Draft draft(impl_->store, batch);
  CO_TRY(auto account, co_await draft.existing_account(id));
  CO_TRY(auto record, co_await draft.get(app_password_key(id, number)));
  if (!record) {
    co_return fail(Error::Kind::not_found,
                   fmt::format("{} has no app password {}", account.address.str(), number));
  }
  draft.erase(app_password_key(id, number));
  draft.erase(last_use_key(id, number));
  draft.apply();
  co_return {};
}

Task<Result<std::vector<AppPassword>>> Directory::app_passwords(AccountId id) {
  Snapshot at = impl_->store.snapshot();
  CO_TRY(auto found, co_await at->scan(app_passwords_of(id), impl_->limits.app_passwords_max + 16));
  std::vector<AppPassword> out;
  for (const auto& [key, value] : found) {
    CO_TRY(auto record, decode_app_password(value));
    AppPassword& shown = out.emplace_back();
    shown.number = number_in(key);
    shown.name = std::move(record.name);
    shown.scopes = record.scopes;
    shown.created = record.created;
    CO_TRY(auto use, co_await at->get(last_use_key(id, shown.number)));
    if (!use) continue;
    CO_TRY(LastUse last, decode_last_use(*use));
    shown.used = last.time;
  }
  co_return out;
}

}  // namespace posta::directory
