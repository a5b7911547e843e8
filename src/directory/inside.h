// inside.h: what a Directory is made of.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "directory/cache.h"
#include "directory/credential_records.h"
#include "directory/directory.h"
#include "directory/password.h"
#include "directory/pattern.h"

namespace posta::directory {

// A domain of ours with what looking up in it needs.
struct DomainEntry {
  DomainInfo info;
  Patterns patterns;
};

using Snapshot = std::shared_ptr<const store::Snapshot>;

// Everything that an account can log in with, as of one snapshot.
struct Credentials {
  struct App {
    Credential credential;
    AppPasswordRecord record;
  };
  std::optional<std::string> password;  // the record as it is stored
  std::optional<ScramRecord> scram;
  std::vector<App> apps;

  // The account's own password, if there is one.
  Credential own() const;
};

// Whom a login means. The address is what was asked for, if it is one at all.
struct Who {
  Address address;
  std::optional<Account> account;
};

struct Directory::Impl {
  Impl(store::Store& s, Limits l);

  store::Store& store;
  const Limits limits;

  // The version of the last commit to the directory: the only thing that the store's subscription
  // touches, and kept by it, since a store may outlive a directory.
  std::shared_ptr<std::atomic<store::Version>> changed;

  Cache<Entry> entries;                       // by domain 00 local, as written
  Cache<std::optional<DomainEntry>> domains;  // by name; nothing: not ours
  Cache<std::optional<Account>> accounts;     // by id
  Hasher hasher;

  store::Version valid_from() const { return changed->load(std::memory_order_acquire); }

  using DomainFound = std::shared_ptr<const std::optional<DomainEntry>>;

  // Marks of credentials, by key; nothing: there is none.
  Cache<std::optional<std::uint64_t>> marks;
  Cache<bool> successes;  // by keyed hash of account, scope, credential and password

  // --- logins (authenticate.cc)
  Task<Result<Who>> who_is(Snapshot at, std::string login);
  Task<Result<Credentials>> credentials_of(Snapshot at, AccountId id);
  std::string success_key(runtime::Executor& executor, AccountId id, Scope scope,
                          std::string_view password_record, std::string_view password);
  Task<> give_scram_keys(Account account, std::string password_record, std::string password);
  Task<Result<>> note_use(AccountId id, std::uint32_t app_password);

  // --- salts (secret.cc)
  Task<Result<std::string>> secret();
  // Salts and counts for an account, as a new record; or for somebody who only looks like one.
  Task<Result<ScramRecord>> new_salts(Address address);

  std::mutex mutex;                 // of the next two
  std::string installation_secret;  // once it was read
  std::string process_secret;

  Task<Result<Entry>> look_up_cold(Address address);
  Task<Result<DomainFound>> find_domain(std::shared_ptr<const store::Snapshot> at, Domain name);
};

// What may be a password, and what may be a name. Error::what says what is wrong.
Result<> check_password(std::string_view password, bool force, const Limits& limits);
Result<> check_name(std::string_view name, const Limits& limits);

}  // namespace posta::directory
