#include "directory/records.h"

#include "base/bytes.h"
#include "directory/record_parts.h"

namespace posta::directory {

namespace {

constexpr std::uint8_t kAccountKind = 1;
constexpr std::uint8_t kAliasKind = 2;

}  // namespace

std::string encode(const Meta& meta) {
  Writer out(kVersion);
  out.number(meta.next.value).number(meta.accounts).number(meta.postmaster.value);
  out.text(meta.default_domain.str());
  return out.take();
}

Result<Meta> decode_meta(std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "meta"));
  Meta meta;
  meta.next = AccountId(in.number());
  meta.accounts = in.number();
  meta.postmaster = AccountId(in.number());
  if (std::string_view name = in.text(); !name.empty()) {
    auto domain = Domain::parse(name);
    if (!domain) return damaged("meta");
    meta.default_domain = *std::move(domain);
  }
  if (!in.done() || meta.next.value < kFirstAccountId) return damaged("meta");
  return meta;
}

std::string encode(const DomainInfo& domain) {
  Writer out(kVersion);
  out.number(domain.postmaster.value);
  out.text(domain.catch_all ? domain.catch_all->str() : std::string());
  out.octet(static_cast<std::uint8_t>(domain.separator));
  return out.take();
}

Result<DomainInfo> decode_domain(Domain name, std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "domain"));
  DomainInfo domain;
  domain.name = std::move(name);
  domain.postmaster = AccountId(in.number());
  if (std::string_view text = in.text(); !text.empty()) {
    auto address = Address::parse(text);
    if (!address) return damaged("domain");
    domain.catch_all = *std::move(address);
  }
  domain.separator = static_cast<char>(in.octet());
  if (!in.done()) return damaged("domain");
  return domain;
}

std::string encode(const Account& account) {
  Writer out(kVersion);
  out.text(account.address.str()).boolean(account.enabled);
  out.number(account.quota.octets).number(account.quota.messages);
  out.text(account.name);
  put_time(out, account.created);
  return out.take();
}

Result<Account> decode_account(AccountId id, std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "account"));
  Account account;
  account.id = id;
  account.address = take_address(in);
  account.enabled = take_boolean(in);
  account.quota.octets = in.number();
  account.quota.messages = in.number();
  account.name = in.text();
  account.created = take_time(in);
  if (!in.done()) return damaged("account");
  return account;
}

std::string encode(const AtAddress& entry) {
  Writer out(kVersion);
  if (const auto* account = std::get_if<AccountId>(&entry)) {
    out.octet(kAccountKind).number(account->value);
    return out.take();
  }
  const Alias& alias = std::get<Alias>(entry);
  out.octet(kAliasKind).text(alias.address.str()).number(alias.targets.size());
  for (const Address& target : alias.targets) out.text(target.str());
  return out.take();
}

Result<AtAddress> decode_address(std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "address"));
  std::uint8_t kind = in.octet();
  if (kind == kAccountKind) {
    AccountId id(in.number());
    if (!in.done() || !id) return damaged("address");
    return id;
  }
  if (kind != kAliasKind) return damaged("address");
  Alias alias;
  alias.address = take_address(in);
  std::uint64_t count = in.number();
  if (count == 0) return damaged("address");
  for (; count > 0 && in.ok(); --count) alias.targets.push_back(take_address(in));
  if (!in.done()) return damaged("address");
  return alias;
}

std::string encode(const Removed& removed) {
  Writer out(kVersion);
  put_time(out, removed.removed);
  return out.take();
}

Result<Removed> decode_removed(std::string_view record) {
  Reader in(record);
  TRY_VOID(take_version(in, "removed"));
  Removed removed{.removed = take_time(in)};
  if (!in.done()) return damaged("removed");
  return removed;
}

}  // namespace posta::directory
