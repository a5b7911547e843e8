// domains.cc: domains of ours are added, set and removed.
#include <fmt/format.h>

#include "base/text.h"
#include "directory/draft.h"
#include "directory/inside.h"
#include "directory/keys.h"

namespace posta::directory {

namespace {

// An octet that a local part may have outside quotes and that no name needs (RFC 5321 §4.1.2
// atext).
Result<> check_separator(char separator) {
  if (separator == 0 || std::string_view("+-_=#~%!$&'/?^{|}`").contains(separator)) return {};
  return fail(Error::Kind::syntax,
              fmt::format("\"{}\" cannot separate user and detail: use one of + - _ = # ~ %",
                          printable(std::string_view(&separator, 1))));
}

// What add and change have in common. A postmaster that is there already is not asked for again: it
// may be gone by now, and look-ups then fall back on the system's.
Task<Result<>> check(Draft& draft, DomainInfo& domain, AccountId postmaster_now) {
  CO_TRY_VOID(check_separator(domain.separator));
  if (domain.postmaster && domain.postmaster != postmaster_now)
    CO_TRY_VOID(co_await draft.existing_account(domain.postmaster));
  if (domain.catch_all) {
    if (domain.catch_all->domain.empty()) domain.catch_all->domain = domain.name;
    CO_TRY(domain.catch_all, co_await draft.any_address(*domain.catch_all));
  }
  co_return {};
}

}  // namespace

Task<Result<>> Directory::prepare_add_domain(store::Batch& batch, DomainInfo domain) {
  Draft draft(impl_->store, batch);
  if (domain.name.empty()) co_return fail(Error::Kind::syntax, "a domain needs a name");
  CO_TRY_VOID(co_await check(draft, domain, {}));
  std::string key = domain_key(domain.name);
  CO_TRY(auto there, co_await draft.get(key));
  if (there) {
    co_return fail(Error::Kind::conflict,
                   fmt::format("{} is a domain of this server already", domain.name.display()));
  }
  CO_TRY(auto meta, co_await draft.meta());
  if (meta.default_domain.empty() || domain.is_default) {
    meta.default_domain = domain.name;
    draft.put(std::string(kMetaKey), encode(meta));
  }
  draft.put(std::move(key), encode(domain));
  draft.apply();
  co_return {};
}

Task<Result<>> Directory::prepare_set_domain(store::Batch& batch, DomainInfo domain) {
  Draft draft(impl_->store, batch);
  CO_TRY(auto meta, co_await draft.meta());
  if (meta.default_domain == domain.name && !domain.is_default) {
    co_return fail(Error::Kind::conflict,
                   fmt::format("{} is the default domain: make another one the default instead",
                               domain.name.display()));
  }
  DomainChange change{domain.postmaster, std::move(domain.catch_all), domain.separator,
                      domain.is_default};
  co_return co_await prepare_change_domain(batch, std::move(domain.name), std::move(change));
}

Task<Result<>> Directory::prepare_change_domain(store::Batch& batch, Domain name,
                                                DomainChange change) {
  Draft draft(impl_->store, batch);
  CO_TRY(auto domain, co_await draft.existing_domain(name));
  AccountId postmaster_now = domain.postmaster;
  domain.postmaster = change.postmaster.value_or(postmaster_now);
  domain.separator = change.separator.value_or(domain.separator);
  if (change.catch_all) domain.catch_all = *std::move(change.catch_all);
  CO_TRY_VOID(co_await check(draft, domain, postmaster_now));
  CO_TRY(auto meta, co_await draft.meta());
  if (change.make_default && meta.default_domain != name) {
    meta.default_domain = name;
    draft.put(std::string(kMetaKey), encode(meta));
  }
  draft.put(domain_key(name), encode(domain));
  draft.apply();
  co_return {};
}

Task<Result<>> Directory::prepare_remove_domain(store::Batch& batch, Domain name) {
  Draft draft(impl_->store, batch);
  CO_TRY_VOID(co_await draft.existing_domain(name));
  for (const store::Range& range : {addresses_of(name), patterns_of(name)}) {
    CO_TRY(auto used, co_await draft.keys_in(range, 1));
    if (used.empty()) continue;
    std::string_view local = std::string_view(used[0]).substr(used[0].find('\0') + 1);
    co_return fail(Error::Kind::conflict,
                   fmt::format("{} is in use, by {}@{} for one: remove its accounts and aliases "
                               "first",
                               name.display(), printable(local), name.display()));
  }
  draft.erase(domain_key(name));
  CO_TRY(auto meta, co_await draft.meta());
  if (meta.default_domain == name) {
    CO_TRY(auto others, co_await draft.keys_in(store::Range::prefix(kDomainPrefix), 1));
    if (!others.empty()) {
      co_return fail(Error::Kind::conflict,
                     fmt::format("{} is the default domain: make another one the default first",
                                 name.display()));
    }
    meta.default_domain = {};
    draft.put(std::string(kMetaKey), encode(meta));
  }
  draft.require_unchanged();
  draft.apply();
  co_return {};
}

}  // namespace posta::directory
