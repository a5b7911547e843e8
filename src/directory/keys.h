// keys.h: the keys below D/ (docs/formats/directory.md).
#pragma once

#include <string>
#include <string_view>

#include "directory/credentials.h"
#include "mail/address.h"
#include "mail/ids.h"
#include "store/store.h"

namespace posta::directory {

// What every commit to the directory publishes; caches are invalid from its version on.
inline constexpr std::string_view kTopic = "directory";

inline constexpr std::string_view kMetaKey = "D/meta";
inline constexpr std::string_view kSecretKey = "D/secret";
inline constexpr std::string_view kGrantPrefix = "D/grant/";
inline constexpr std::string_view kDomainPrefix = "D/domain/";
inline constexpr std::string_view kAddressPrefix = "D/address/";
inline constexpr std::string_view kPatternPrefix = "D/pattern/";
inline constexpr std::string_view kRemovedPrefix = "D/removed/";

std::string domain_key(const Domain& name);
std::string account_key(AccountId id);
std::string password_key(AccountId id);
std::string scram_key(AccountId id);
std::string app_password_key(AccountId id, std::uint32_t number);
std::string grant_key(AccountId id, const Grant& grant);
std::string removed_key(AccountId id);
store::Range credentials_of(AccountId id);
store::Range app_passwords_of(AccountId id);
store::Range grants_of(AccountId id);
// The number at the end of an app_password_key.
std::uint32_t number_in(std::string_view app_password_key);

// Outside of the directory: counters, written by relaxed commits.
std::string last_use_key(AccountId id, std::uint32_t number);
store::Range last_uses_of(AccountId id);

// `local` is folded here.
std::string address_key(const Domain& domain, std::string_view local);
std::string pattern_key(const Domain& domain, std::string_view local);

store::Range addresses_of(const Domain& domain);
store::Range patterns_of(const Domain& domain);

}  // namespace posta::directory
