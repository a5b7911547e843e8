// listing.cc: the directory in order, in pieces. Each piece is read at one version.
#include "base/bytes.h"
#include "directory/inside.h"
#include "directory/keys.h"
#include "directory/pattern.h"
#include "directory/records.h"

namespace posta::directory {

namespace {

using Snapshot = std::shared_ptr<const store::Snapshot>;

constexpr std::size_t kChunk = 1000;  // keys of one scan

// The first key after `after`, an address as text; empty for an empty one.
Result<std::string> key_after(const std::string& after) {
  if (after.empty()) return std::string();
  TRY(auto address, Address::parse(after));
  std::string key = is_pattern(address.local) ? pattern_key(address.domain, address.local)
                                              : address_key(address.domain, address.local);
  return key + '\0';
}

// Decodes aliases of `range` into `out` until there are `limit`.
Task<Result<>> collect_aliases(Snapshot at, store::Range range, std::size_t limit,
                               std::vector<Alias>& out) {
  while (out.size() < limit) {
    CO_TRY(auto found, co_await at->scan(range, kChunk));
    for (const auto& [key, value] : found) {
      CO_TRY(auto entry, decode_address(value));
      if (auto* alias = std::get_if<Alias>(&entry); alias && out.size() < limit)
        out.push_back(std::move(*alias));
    }
    if (found.size() < kChunk) break;
    range.begin = found.back().key + '\0';
  }
  co_return {};
}

}  // namespace

Task<Result<std::vector<DomainInfo>>> Directory::domains() {
  std::vector<DomainInfo> out;
  Snapshot at = impl_->store.snapshot();
  CO_TRY(auto meta_record, co_await at->get(std::string(kMetaKey)));
  Meta meta;
  if (meta_record) {
    CO_TRY(meta, decode_meta(*meta_record));
  }
  store::Range range = store::Range::prefix(kDomainPrefix);
  for (;;) {
    CO_TRY(auto found, co_await at->scan(range, kChunk));
    for (const auto& [key, value] : found) {
      CO_TRY(auto name, Domain::parse(std::string_view(key).substr(kDomainPrefix.size())));
      CO_TRY(auto info, decode_domain(std::move(name), value));
      info.is_default = info.name == meta.default_domain;
      out.push_back(std::move(info));
    }
    if (found.size() < kChunk) co_return out;
    range.begin = found.back().key + '\0';
  }
}

Task<Result<std::vector<Account>>> Directory::accounts(std::string after, std::size_t limit) {
  std::vector<Account> out;
  store::Range range = store::Range::prefix(kAddressPrefix);
  CO_TRY(auto begin, key_after(after));
  if (!begin.empty()) range.begin = std::move(begin);
  Snapshot at = impl_->store.snapshot();
  while (out.size() < limit) {
    CO_TRY(auto found, co_await at->scan(range, kChunk));
    std::vector<AccountId> ids;
    std::vector<std::string> keys;
    for (const auto& [key, value] : found) {
      CO_TRY(auto entry, decode_address(value));
      auto* id = std::get_if<AccountId>(&entry);
      if (!id || out.size() + ids.size() == limit) continue;
      ids.push_back(*id);
      keys.push_back(account_key(*id));
    }
    CO_TRY(auto records, co_await at->multi_get(std::move(keys)));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!records[i])
        co_return fail(Error::Kind::corrupt, "an address names an account that is not there");
      CO_TRY(auto account, decode_account(ids[i], *records[i]));
      out.push_back(std::move(account));
    }
    if (found.size() < kChunk) break;
    range.begin = found.back().key + '\0';
  }
  co_return out;
}

Task<Result<std::vector<Alias>>> Directory::aliases(std::string after, std::size_t limit) {
  std::vector<Alias> out;
  CO_TRY(auto begin, key_after(after));
  bool in_patterns = begin.starts_with(kPatternPrefix);
  Snapshot at = impl_->store.snapshot();
  if (!in_patterns) {
    store::Range exact = store::Range::prefix(kAddressPrefix);
    if (!begin.empty()) exact.begin = begin;
    CO_TRY_VOID(co_await collect_aliases(at, std::move(exact), limit, out));
  }
  store::Range patterns = store::Range::prefix(kPatternPrefix);
  if (in_patterns) patterns.begin = std::move(begin);
  CO_TRY_VOID(co_await collect_aliases(at, std::move(patterns), limit, out));
  co_return out;
}

Task<Result<std::vector<AccountId>>> Directory::removed(std::size_t limit) {
  std::vector<AccountId> out;
  CO_TRY(auto found,
         co_await impl_->store.snapshot()->scan(store::Range::prefix(kRemovedPrefix), limit));
  for (const auto& [key, value] : found) {
    CO_TRY_VOID(decode_removed(value));
    std::string_view id = std::string_view(key).substr(kRemovedPrefix.size());
    if (id.size() != 8) co_return fail(Error::Kind::corrupt, "a removed account without an id");
    out.push_back(AccountId(get_be64(id)));
  }
  co_return out;
}

}  // namespace posta::directory
