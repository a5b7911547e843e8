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
