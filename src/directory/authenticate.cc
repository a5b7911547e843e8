// authenticate.cc: who is it, and is it true? The same work for every kind of "no".
#include "base/bytes.h"
#include "base/text.h"
#include "directory/fold.h"
#include "directory/inside.h"
#include "directory/keys.h"
#include "directory/records.h"
#include "wire/sasl/hash.h"
#include "wire/sasl/prepare.h"

namespace posta::directory {

namespace {

using wire::sasl::Hash;

// Notes of use that come sooner than this after the last are not written.
constexpr std::chrono::hours kNoteUseEvery{1};

Authenticated verdict(const Account& account, Credential credential) {
  if (!account.enabled) return {.outcome = Login::disabled};
  return {Login::ok, Principal{account.id, account.address, credential}, credential.app_password};
}

// The app password that this is; its number is 0: none. Looks at all of them, whichever it is.
Credential find_app(const Credentials& credentials, std::string_view password, Scope scope) {
  std::string prepared = wire::sasl::prepare_password(password);
  Credential found;
  for (const auto& [credential, app] : credentials.apps) {
    bool right = wire::sasl::equal_in_constant_time(
        wire::sasl::hmac(Hash::sha_256, app.salt, prepared), app.tag);
    if (right && app.scopes.has(scope)) found = credential;
  }
  return found;
}

// Every record has a salt of its own: the same password, set again, has another mark.
std::uint64_t mark_of(std::string_view record) {
  return store::digest_of(record);
}

}  // namespace

Credential Credentials::own() const {
  return {0, password ? mark_of(*password) : 0};
}

// The account whose own address the login is, if there is one.
Task<Result<Who>> Directory::Impl::who_is(Snapshot at, std::string login) {
  Who who;
  if (auto whole = Address::parse(login)) {
    who.address = *std::move(whole);
  } else {
    std::string_view rest = login;
    auto local = take_local_part(rest);
    if (!local || !rest.empty()) {
      who.address.local = std::move(login);
      co_return who;
    }
    who.address.local = *std::move(local);
    CO_TRY(auto record, co_await at->get(std::string(kMetaKey)));
    if (!record) co_return who;
    CO_TRY(auto meta, decode_meta(*record));
    who.address.domain = std::move(meta.default_domain);
  }
  CO_TRY(auto record, co_await at->get(address_key(who.address.domain, who.address.local)));
  if (!record) co_return who;
  CO_TRY(auto entry, decode_address(*record));
  auto* id = std::get_if<AccountId>(&entry);
  if (!id) co_return who;
  CO_TRY(auto account, co_await at->get(account_key(*id)));
  if (!account) co_return fail(Error::Kind::corrupt, "an address of an account that is not there");
  CO_TRY(who.account, decode_account(*id, *account));
  co_return who;
}

Task<Result<Credentials>> Directory::Impl::credentials_of(Snapshot at, AccountId id) {
  Credentials out;
  CO_TRY(auto found,
         co_await at->scan(directory::credentials_of(id), limits.app_passwords_max + 16));
  const store::Range apps = app_passwords_of(id);
  for (auto& [key, value] : found) {
    if (key == password_key(id)) {
      out.password = std::move(value);
    } else if (key == scram_key(id)) {
      CO_TRY(out.scram, decode_scram(value));
    } else if (key >= apps.begin && key < apps.end) {
      CO_TRY(auto app, decode_app_password(value));
      out.apps.push_back({{number_in(key), mark_of(value)}, std::move(app)});
    }
  }
  co_return out;
}

// Another credential, another key: what was remembered of the old one is never found again.
std::string Directory::Impl::success_key(runtime::Executor& executor, AccountId id, Scope scope,
                                         std::string_view password_record,
                                         std::string_view password) {
  std::string key;
  {
    std::lock_guard lock(mutex);
    if (process_secret.empty()) {
      std::array<unsigned char, kSecretOctets> random;
      executor.fill_random(random);
      process_secret.assign(random.begin(), random.end());
    }
    key = process_secret;
  }
  Writer text;
  text.number(id.value).octet(static_cast<std::uint8_t>(scope)).text(password_record);
  text.text(wire::sasl::prepare_password(password));
  return wire::sasl::hmac(Hash::sha_256, key, text.str());
}

Task<Result<Authenticated>> Directory::authenticate(std::string login, std::string password,
                                                    Scope scope) {
  runtime::Executor& executor = co_await runtime::this_executor();
  // Says nothing about the user: it is asked before who that is.
  if (password.empty() || password.size() > impl_->limits.password_octets_max)
    co_return Authenticated{};
  Snapshot at = impl_->store.snapshot();
  CO_TRY(auto who, co_await impl_->who_is(at, std::move(login)));
  Credentials held;
  if (who.account) {
    CO_TRY(held, co_await impl_->credentials_of(at, who.account->id));
  }
  at.reset();
  if (Credential app = find_app(held, password, scope); app.app_password != 0) {
    if (who.account->enabled)
      CO_TRY_VOID(co_await impl_->note_use(who.account->id, app.app_password));
    co_return verdict(*who.account, app);
  }
  if (!held.password) {
    CO_TRY_VOID(co_await impl_->hasher.verify_nobody(std::move(password)));
    co_return Authenticated{};
  }
  std::string success =
      impl_->success_key(executor, who.account->id, scope, *held.password, password);
  const Credential own = held.own();
  if (impl_->successes.find(success, 0)) co_return verdict(*who.account, own);
  CO_TRY(auto stored, decode_password(*held.password));
  CO_TRY(auto hash, decode_password_hash(stored.hash));
  CO_TRY(bool right, co_await impl_->hasher.verify(std::move(hash), password));
  if (!right) co_return Authenticated{};
  impl_->successes.put(std::move(success), true, 0);
  if (!held.scram)
    co_await impl_->give_scram_keys(*who.account, *std::move(held.password), std::move(password));
  co_return verdict(*who.account, own);
}

Task<Result<Standing>> Directory::standing(AccountId id, Credential credential) {
  CO_TRY(auto account, co_await this->account(id));
  if (!account || !account->enabled) co_return Standing::disabled;
  std::string key = credential.app_password == 0 ? password_key(id)
                                                 : app_password_key(id, credential.app_password);
  std::optional<std::uint64_t> mark;
  if (auto known = impl_->marks.find(key, impl_->valid_from())) {
    mark = *known;
  } else {
    Snapshot at = impl_->store.snapshot();
    CO_TRY(auto record, co_await at->get(key));
    if (record) mark = mark_of(*record);
    impl_->marks.put(std::move(key), mark, at->version());
  }
  co_return mark == credential.mark ? Standing::good : Standing::revoked;
}

Task<Result<std::string>> Directory::login_name(std::string login) {
  CO_TRY(auto who, co_await impl_->who_is(impl_->store.snapshot(), std::move(login)));
  co_return fold_local(who.address.local) + "@" + who.address.domain.str();
}

Task<Result<bool>> Directory::knows_password(AccountId id, std::string password) {
  if (password.empty() || password.size() > impl_->limits.password_octets_max) co_return false;
  CO_TRY(auto record, co_await impl_->store.snapshot()->get(password_key(id)));
  if (!record) co_return co_await impl_->hasher.verify_nobody(std::move(password));
  CO_TRY(auto stored, decode_password(*record));
  CO_TRY(auto hash, decode_password_hash(stored.hash));
  co_return co_await impl_->hasher.verify(std::move(hash), std::move(password));
}

// For accounts of a time before SCRAM keys. Whatever comes in between, the next login does it.
Task<> Directory::Impl::give_scram_keys(Account account, std::string password_record,
                                        std::string password) {
  auto salts = co_await new_salts(account.address);
  if (!salts) co_return;
  auto keys = co_await hasher.scram_keys(*std::move(salts), std::move(password));
  if (!keys) co_return;
  store::Batch batch;
  batch.require_value(password_key(account.id), store::digest_of(password_record));
  batch.require_absent(scram_key(account.id));
  batch.put(scram_key(account.id), encode(*keys));
  batch.touch(kPartition).publish(std::string(kTopic), nullptr);
  auto done = co_await store.commit(std::move(batch));
  if (!done) co_return;
}

Task<Result<>> Directory::Impl::note_use(AccountId id, std::uint32_t app_password) {
  runtime::Executor& executor = co_await runtime::this_executor();
  std::string key = last_use_key(id, app_password);
  CO_TRY(auto record, co_await store.snapshot()->get(key));
  WallTime now = executor.wall();
  if (record) {
    auto last = decode_last_use(*record);
    if (last && last->time <= now && now - last->time < kNoteUseEvery) co_return {};
  }
  store::Batch batch;
  batch.put(std::move(key), encode(LastUse{now}));
  store.commit_relaxed(std::move(batch));
  co_return {};
}

}  // namespace posta::directory
