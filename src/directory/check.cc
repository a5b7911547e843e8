#include "directory/check.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/bytes.h"
#include "base/text.h"
#include "directory/fold.h"
#include "directory/keys.h"
#include "directory/password.h"
#include "directory/pattern.h"
#include "directory/records.h"

namespace posta::directory {

namespace {

constexpr std::size_t kChunk = 1000;  // keys of one scan
constexpr std::string_view kAccountPrefix = "D/account/";
constexpr std::string_view kCredentialPrefix = "D/credential/";

// What has been seen of an account, from either side.
struct Seen {
  std::string key;       // where its record says that its address stands; empty: no record
  std::string named_by;  // the address key that leads to it; empty: none
  bool enabled = false;
  bool credential = false;
  bool app_password = false;
  bool salts = false;  // what app passwords stand on
  bool removed = false;
};

class Check {
 public:
  void see(std::string_view key, std::string_view value) {
    if (key == kMetaKey) {
      take(key, decode_meta(value), [&](Meta&& meta) { meta_ = std::move(meta); });
    } else if (key.starts_with(kDomainPrefix)) {
      see_domain(key, value);
    } else if (key.starts_with(kAddressPrefix) || key.starts_with(kPatternPrefix)) {
      see_address(key, value);
    } else if (auto id = id_in(key, kAccountPrefix);
               id && key.size() == kAccountPrefix.size() + 8) {
      take(key, decode_account(*id, value), [&](Account&& account) {
        Seen& seen = accounts_[*id];
        seen.key = address_key(account.address.domain, account.address.local);
        seen.enabled = account.enabled;
        if (canonical_local(account.address.local) != account.address.local)
          say(key, "an address that is not canonical");
      });
    } else if (auto owner = id_in(key, kCredentialPrefix)) {
      accounts_[*owner].credential = true;
      see_credential(key, value, *owner);
    } else if (auto sender = id_in(key, kGrantPrefix)) {
      accounts_[*sender].credential = true;
      take(key, decode_grant(value), [&](Grant&& grant) {
        if (grant_key(*sender, grant) != key) say(key, "a grant that belongs elsewhere");
      });
    } else if (key == kSecretKey) {
      take(key, decode_secret(value), [](Secret&&) {});
    } else if (auto gone = id_in(key, kRemovedPrefix)) {
      take(key, decode_removed(value), [&](Removed&&) { accounts_[*gone].removed = true; });
    } else {
      say(key, "nothing that a directory has");
    }
  }

  std::vector<std::string> end() {
    for (const auto& [key, domain] : addresses_)
      if (!domains_.contains(domain)) say(key, "a domain that is not there");
    std::uint64_t count = 0;
    for (const auto& [id, seen] : accounts_) {
      count += !seen.key.empty();
      see_end_of(id, seen);
    }
    if (count != meta_.accounts)
      say(kMetaKey, fmt::format("{} accounts, but there are {}", meta_.accounts, count));
    auto postmaster = accounts_.find(meta_.postmaster);
    if (count > 0 && (postmaster == accounts_.end() || !postmaster->second.enabled))
      say(kMetaKey, "nobody answers for postmaster");
    bool has_default = domains_.contains(meta_.default_domain.str());
    if (has_default != !domains_.empty()) say(kMetaKey, "a default domain that is not there");
    return std::move(complaints_);
  }

 private:
  void say(std::string_view key, std::string_view what) {
    complaints_.push_back(fmt::format("{}: {}", printable(key), what));
  }

  template <class T, class Use>
  void take(std::string_view key, Result<T> record, Use use) {
    if (!record) return say(key, record.error().what);
    use(*std::move(record));
  }

  static std::optional<AccountId> id_in(std::string_view key, std::string_view prefix) {
    if (!key.starts_with(prefix) || key.size() < prefix.size() + 8) return std::nullopt;
    return AccountId(get_be64(key.substr(prefix.size())));
  }

  void see_credential(std::string_view key, std::string_view value, AccountId owner) {
    const store::Range apps = app_passwords_of(owner);
    if (key == password_key(owner)) {
      take(key, decode_password(value), [&](PasswordRecord&& password) {
        if (!decode_password_hash(password.hash)) say(key, "not an Argon2id hash");
      });
    } else if (key == scram_key(owner)) {
      accounts_[owner].salts = true;
      take(key, decode_scram(value), [](ScramRecord&&) {});
    } else if (key >= apps.begin && key < apps.end && key.size() == apps.begin.size() + 4) {
      accounts_[owner].app_password = true;
      take(key, decode_app_password(value), [](AppPasswordRecord&&) {});
    }  // else: a kind that this version passes over
  }

  void see_domain(std::string_view key, std::string_view value) {
    auto name = Domain::parse(key.substr(kDomainPrefix.size()));
    if (!name || domain_key(*name) != key) return say(key, "not a domain");
    domains_.insert(name->str());
    take(key, decode_domain(*name, value), [](DomainInfo&&) {});
  }

  void see_address(std::string_view key, std::string_view value) {
    bool pattern = key.starts_with(kPatternPrefix);
    auto rest = key.substr(pattern ? kPatternPrefix.size() : kAddressPrefix.size());
    addresses_.emplace_back(key, rest.substr(0, rest.find('\0')));
    take(key, decode_address(value), [&](AtAddress&& entry) {
      if (auto* id = std::get_if<AccountId>(&entry)) {
        if (!accounts_[*id].named_by.empty()) say(key, "a second address of an account");
        accounts_[*id].named_by = key;
        return;
      }
      const Address& address = std::get<Alias>(entry).address;
      auto belongs = is_pattern(address.local) ? pattern_key(address.domain, address.local)
                                               : address_key(address.domain, address.local);
      if (belongs != key) say(key, "an alias that belongs elsewhere");
    });
  }

  void see_end_of(AccountId id, const Seen& seen) {
    std::string name = fmt::format("account {}", id.value);
    if (id.value < kFirstAccountId || id >= meta_.next) say(name, "an id that was never given");
    if (seen.app_password && !seen.salts) say(name, "has app passwords and no salts for them");
    if (seen.key.empty()) {
      if (!seen.named_by.empty()) say(name, "has an address and no record");
      if (seen.credential) say(name, "has credentials and no record");
    } else {
      if (seen.key != seen.named_by) say(name, "cannot be found at its address");
      if (seen.removed) say(name, "is there and removed");
    }
  }

  Meta meta_;
  std::set<std::string, std::less<>> domains_;
  std::vector<std::pair<std::string, std::string>> addresses_;  // key, domain
  std::map<AccountId, Seen> accounts_;
  std::vector<std::string> complaints_;
};

}  // namespace

runtime::Task<Result<std::vector<std::string>>> check_directory(
    std::shared_ptr<const store::Snapshot> snapshot) {
  Check check;
  store::Range range = store::Range::prefix("D/");
  for (;;) {
    CO_TRY(auto found, co_await snapshot->scan(range, kChunk));
    for (const auto& [key, value] : found) check.see(key, value);
    if (found.size() < kChunk) co_return check.end();
    range.begin = found.back().key + '\0';
  }
}

}  // namespace posta::directory
