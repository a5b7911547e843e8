// directory.h: who lives here: domains, accounts, aliases, credentials.
//
// The own source: everything lives in the store under D/ (docs/formats/directory.md). Reads are
// answered from a bounded cache that every directory commit invalidates; a cold read goes to the
// store. Writes are added to a batch by the prepare_* calls, so that ops can put an account and its
// mailboxes into one commit.
//
// What equals what: local parts are compared without case (ASCII fold, and Unicode fold for
// others); the canonical form is what is stored and shown. Nothing else in posta decides that.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "directory/credentials.h"
#include "mail/address.h"
#include "mail/ids.h"
#include "mail/time.h"
#include "store/store.h"

namespace posta::directory {

using runtime::Task;

// All directory keys are one partition; each account is a partition of its own (its id).
inline constexpr store::Partition kPartition = 1;
inline constexpr std::uint64_t kFirstAccountId = 1024;  // below: partitions of posta's own

// What a new password hash costs (Argon2id, RFC 9106 §3.1).
struct HashCost {
  Octets memory = 19_MiB;
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;
  friend bool operator==(const HashCost&, const HashCost&) = default;
};

struct Limits {
  std::size_t alias_targets_max = 100;  // addresses
  std::size_t accounts_max = 10'000'000;
  std::size_t patterns_max = 1000;      // pattern aliases of one domain
  std::size_t name_octets_max = 256;    // of an account's person, UTF-8
  std::size_t password_octets_min = 8;  // shorter: refused with a hint, unless --force
  std::size_t password_octets_max = 1024;
  Octets hashing_memory_max = 256_MiB;     // of all concurrent Argon2; beyond: Error{unavailable}
  std::size_t hashings_waiting_max = 200;  // logins and new passwords; beyond: Error{unavailable}
  HashCost hash_cost;
  // Of new SCRAM keys. RFC 7677 §4 asks for 4096 or more; every client pays it at each login, and
  // who steals the store pays it instead of Argon2 for each guess.
  std::uint32_t scram_iterations = 10'000;
  std::size_t app_passwords_max = 50;  // of an account
  std::size_t grants_max = 1000;       // of an account
  std::size_t successes_max = 50'000;  // logins remembered, so that polling costs no Argon2
  std::size_t cache_entries_max = 100'000;
};

inline constexpr LimitInfo kDirectoryLimits[] = {
    {"alias_targets_max", "addresses", "refused: limit", ""},
    {"accounts_max", "accounts", "refused: limit", ""},
    {"patterns_max", "aliases", "refused: limit", ""},
    {"name_octets_max", "octets", "refused: limit", ""},
    {"password_octets_min", "octets", "refused: limit, unless forced", ""},
    {"password_octets_max", "octets", "refused: limit; a login: wrong", ""},
    {"hashing_memory_max", "octets", "454 4.7.0, -ERR [SYS/TEMP]", "RFC 4954 §6"},
    {"hashings_waiting_max", "logins", "454 4.7.0, -ERR [SYS/TEMP]", "RFC 4954 §6"},
    {"scram_iterations", "iterations", "asked of clients", "RFC 7677 §4"},
    {"app_passwords_max", "app passwords", "refused: limit", ""},
    {"grants_max", "grants", "refused: limit", ""},
    {"successes_max", "logins", "the least recently used go: a hash is computed again", ""},
    {"cache_entries_max", "entries", "the least recently used go", ""},
};

struct DomainInfo {
  Domain name;
  AccountId postmaster;              // who gets postmaster@, abuse@; 0: the system's postmaster
  std::optional<Address> catch_all;  // for unknown local parts: an address of any kind
  char separator = '+';              // user+detail, at the first of them; 0: no subaddresses
  bool is_default = false;           // bare local parts and bare logins mean this domain
  friend bool operator==(const DomainInfo&, const DomainInfo&) = default;
};

struct Quota {
  Octets octets = 0;           // 0: no limit
  std::uint64_t messages = 0;  // 0: no limit
  friend bool operator==(const Quota&, const Quota&) = default;
};

struct Account {
  AccountId id;
  Address address;  // canonical
  bool enabled = true;
  Quota quota;
  std::string name;  // of the person; may be empty
  WallTime created;
  friend bool operator==(const Account&, const Account&) = default;
};

struct Alias {
  Address address;  // canonical; a local part with an asterisk is a pattern: "info-*@example.org"
                    // (one asterisk, for one or more octets, with something beside it)
  std::vector<Address> targets;
  friend bool operator==(const Alias&, const Alias&) = default;
};

// What an address is, one step: aliases are not followed here (mta/route does).
struct NotLocal {};  // the domain is not ours
struct Unknown {};   // the domain is ours, the local part is not
struct Disabled {
  AccountId account;
};  // an account that is switched off
struct IsAccount {
  Account account;
  std::string detail;  // subaddress (RFC 5233 §1), as written, or empty
};
struct IsAlias {
  Address alias;  // a pattern's own address; "*@domain" for a catch-all
  std::vector<Address> targets;
  std::string detail;  // subaddress, as written, or empty
};
using Entry = std::variant<NotLocal, Unknown, Disabled, IsAccount, IsAlias>;

// postmaster and abuse, in any case: every domain takes mail for them (RFC 5321 §4.5.1,
// RFC 2142 §4).
bool is_role(std::string_view local);

struct NewAccount {
  Address address;
  std::string password = {};  // empty: no password login
  Quota quota = {};
  std::string name = {};
  bool force = false;  // a short password is taken all the same
};

// What is to be different; nothing: stays as it is.
struct AccountChange {
  std::optional<bool> enabled = {};
  std::optional<Quota> quota = {};
  std::optional<std::string> name = {};
};
struct DomainChange {
  std::optional<AccountId> postmaster = {};
  std::optional<std::optional<Address>> catch_all = {};
  std::optional<char> separator = {};
  bool make_default = false;
};

// What is true of the whole directory.
struct System {
  AccountId postmaster;  // the first account made, until another is set; 0: there is none yet
  Domain default_domain;
  std::uint64_t accounts = 0;
};

class Directory {
 public:
  Directory(store::Store& store, Limits limits);
  ~Directory();

  // --- questions. Error: the store could not answer (temporary).
  // Order: account or alias, exactly; postmaster and abuse of a domain of ours (RFC 5321 §4.5.1,
  // RFC 2142 §4), always: the domain's postmaster, or the system's; subaddress; pattern aliases
  // (longest first); catch-all. An account that is switched off ends the search: Disabled.
  // An address without a domain means the default domain. A postmaster's address with nobody at all
  // to answer it (a directory without accounts) is Unknown.
  Task<Result<Entry>> look_up(Address address);
  // Who answers for a domain, whatever stands at its postmaster's address: its postmaster, or the
  // system's. IsAccount, Disabled, Unknown, or NotLocal.
  Task<Result<Entry>> postmaster(Domain name);
  Task<Result<std::optional<DomainInfo>>> domain(Domain name);
  Task<Result<std::optional<Account>>> account(AccountId id);
  Task<Result<std::optional<Account>>> account(Address address);
  Task<Result<std::vector<DomainInfo>>> domains();
  // In order of address (domain, then folded local part), after the address `after` (exclusive;
  // empty: from the first); at most `limit`. Exact aliases come before all patterns.
  Task<Result<std::vector<Account>>> accounts(std::string after, std::size_t limit);
  Task<Result<std::vector<Alias>>> aliases(std::string after, std::size_t limit);
  Task<Result<bool>> has_password(AccountId id);
  Task<Result<System>> system();
  // Accounts that are gone while their mailboxes may not be yet; at most `limit`.
  Task<Result<std::vector<AccountId>>> removed(std::size_t limit);

  // --- logins (authenticate.cc, scram.cc)
  // `login` is the whole address or a bare local part of the default domain: the account's own
  // address, no alias and no subaddress. Takes the same time for unknown users as for wrong
  // passwords, and says `disabled` only to who knows the password. Argon2id runs on the worker
  // pool; overload is Error{unavailable}, never Login::wrong. App passwords of the account with
  // this scope are tried too. A success is remembered, as a keyed hash, until the credential
  // changes: the next login with it costs no Argon2. An account whose password is older than SCRAM
  // keys gets them at its first success.
  Task<Result<Authenticated>> authenticate(std::string login, std::string password,
                                           Scope scope = Scope::imap);
  // One name for all spellings of a login, whether there is such an account or not: for counting.
  Task<Result<std::string>> login_name(std::string login);
  // Is it the account's own password (no app password)? For who wants to change it.
  Task<Result<bool>> knows_password(AccountId id, std::string password);
  // What a SCRAM exchange with this user is about; the same to look at whether there is one or not.
  Task<Result<ScramLogin>> scram(std::string login, wire::sasl::Hash hash, Scope scope);
  // The client has proved that it knows the password behind keys[which].
  Task<Result<Authenticated>> scram_proved(ScramLogin login, std::size_t which);
  // Would the login of a session still be good? Answered from a cache: ask as often as you like.
  Task<Result<Standing>> standing(AccountId id, Credential credential);

  // --- app passwords and grants of an account, in order
  Task<Result<std::vector<AppPassword>>> app_passwords(AccountId id);
  Task<Result<std::vector<Grant>>> grants(AccountId id);
  Task<Result<bool>> is_granted(AccountId id, Address sender);

  // --- changes: checked against what is there now (and in `batch` already: changes may build on
  // each other), then added to `batch` with the preconditions under which they hold (a refused
  // commit means: prepare again with an empty batch). After an Error the batch is as it was. Errors
  // name what is wrong: conflict, not_found, limit, syntax. An address without a domain means the
  // default domain. The first domain is the default until another is set; the first account is the
  // system's postmaster likewise, and as long as it is, it can be neither disabled nor (unless it
  // is the last) removed: there is always somebody who answers.
  Task<Result<>> prepare_add_domain(store::Batch& batch, DomainInfo domain);
  Task<Result<>> prepare_set_domain(store::Batch& batch, DomainInfo domain);
  Task<Result<>> prepare_change_domain(store::Batch& batch, Domain name, DomainChange change);
  Task<Result<>> prepare_remove_domain(store::Batch& batch, Domain name);  // conflict while in use
  Task<Result<AccountId>> prepare_add_account(store::Batch& batch, NewAccount account);
  Task<Result<>> prepare_set_account(store::Batch& batch, Account account);  // enabled, quota, name
  Task<Result<>> prepare_change_account(store::Batch& batch, AccountId id, AccountChange change);
  // An empty password: no password login from now on.
  Task<Result<>> prepare_set_password(store::Batch& batch, AccountId id, std::string password,
                                      bool force = false);
  // The number of the new one. Keep the password: it is shown once and stored nowhere.
  Task<Result<std::uint32_t>> prepare_add_app_password(store::Batch& batch, AccountId id,
                                                       NewAppPassword password);
  Task<Result<>> prepare_remove_app_password(store::Batch& batch, AccountId id,
                                             std::uint32_t number);
  Task<Result<>> prepare_grant(store::Batch& batch, AccountId id, Grant grant);
  Task<Result<>> prepare_revoke(store::Batch& batch, AccountId id, Grant grant);
  // Who removes the account's mailboxes then says so with forget_removed.
  Task<Result<>> prepare_remove_account(store::Batch& batch, AccountId id);
  void forget_removed(store::Batch& batch, AccountId id);
  Task<Result<>> prepare_set_postmaster(store::Batch& batch, AccountId id);  // the system's
  Task<Result<>> prepare_add_alias(store::Batch& batch, Alias alias);
  Task<Result<>> prepare_set_alias(store::Batch& batch, Alias alias);
  Task<Result<>> prepare_remove_alias(store::Batch& batch, Address address);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Sixteen characters in four groups, without look-alikes, for printing once. About 80 bits.
std::string generate_password(runtime::Executor& executor);

}  // namespace posta::directory
