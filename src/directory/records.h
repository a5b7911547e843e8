// records.h: the values below D/, as octets and back (docs/formats/directory.md).
//
// A decoder takes exactly what its encoder writes: an unknown version, octets left over, or a field
// out of its bounds is Error{corrupt}. Memory is at most proportional to the input.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "directory/credential_records.h"
#include "directory/directory.h"

namespace posta::directory {

struct Meta {
  AccountId next{kFirstAccountId};
  std::uint64_t accounts = 0;
  AccountId postmaster;
  Domain default_domain;
  friend bool operator==(const Meta&, const Meta&) = default;
};
std::string encode(const Meta& meta);
Result<Meta> decode_meta(std::string_view record);

// `name` is in the key, `is_default` in the meta record: neither is written here.
std::string encode(const DomainInfo& domain);
Result<DomainInfo> decode_domain(Domain name, std::string_view record);

std::string encode(const Account& account);  // without the id, which is in the key
Result<Account> decode_account(AccountId id, std::string_view record);

// What stands at an address: an account, or an alias.
using AtAddress = std::variant<AccountId, Alias>;
std::string encode(const AtAddress& entry);
Result<AtAddress> decode_address(std::string_view record);

struct Removed {
  WallTime removed;
};
std::string encode(const Removed& removed);
Result<Removed> decode_removed(std::string_view record);

}  // namespace posta::directory
