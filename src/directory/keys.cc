#include "directory/keys.h"

#include "base/bytes.h"
#include "directory/fold.h"

namespace posta::directory {

namespace {

std::string with_id(std::string_view prefix, AccountId id) {
  std::string key(prefix);
  put_be64(key, id.value);
  return key;
}

std::string below(std::string_view prefix, const Domain& domain) {
  std::string key(prefix);
  key += domain.str();
  key += '\0';
  return key;
}

}  // namespace

std::string domain_key(const Domain& name) {
  return std::string(kDomainPrefix) + name.str();
}

std::string account_key(AccountId id) {
  return with_id("D/account/", id);
}

std::string password_key(AccountId id) {
  return with_id("D/credential/", id) + "/password";
}

std::string scram_key(AccountId id) {
  return with_id("D/credential/", id) + "/scram";
}

std::string app_password_key(AccountId id, std::uint32_t number) {
  std::string key = with_id("D/credential/", id) + "/app/";
  put_be32(key, number);
  return key;
}

std::string grant_key(AccountId id, const Grant& grant) {
  std::string key = with_id(kGrantPrefix, id) + "/" + grant.sender.domain.str();
  key += '\0';
  return key + fold_local(grant.sender.local);
}

store::Range app_passwords_of(AccountId id) {
  return store::Range::prefix(with_id("D/credential/", id) + "/app/");
}

store::Range grants_of(AccountId id) {
  return store::Range::prefix(with_id(kGrantPrefix, id) + "/");
}

std::uint32_t number_in(std::string_view app_password_key) {
  return get_be32(app_password_key.substr(app_password_key.size() - 4));
}

std::string last_use_key(AccountId id, std::uint32_t number) {
  std::string key = with_id("C/app/", id);
  put_be32(key, number);
  return key;
}

store::Range last_uses_of(AccountId id) {
  return store::Range::prefix(with_id("C/app/", id));
}

std::string removed_key(AccountId id) {
  return with_id(kRemovedPrefix, id);
}

store::Range credentials_of(AccountId id) {
  return store::Range::prefix(with_id("D/credential/", id) + "/");
}

std::string address_key(const Domain& domain, std::string_view local) {
  return below(kAddressPrefix, domain) + fold_local(local);
}

std::string pattern_key(const Domain& domain, std::string_view local) {
  return below(kPatternPrefix, domain) + fold_local(local);
}

store::Range addresses_of(const Domain& domain) {
  return store::Range::prefix(below(kAddressPrefix, domain));
}

store::Range patterns_of(const Domain& domain) {
  return store::Range::prefix(below(kPatternPrefix, domain));
}

}  // namespace posta::directory
