// aliases.cc: aliases, exact and patterns, are added, set and removed.
#include <fmt/format.h>

#include "directory/draft.h"
#include "directory/fold.h"
#include "directory/inside.h"
#include "directory/keys.h"
#include "directory/pattern.h"

namespace posta::directory {

namespace {

std::string key_of(const Address& address) {
  return is_pattern(address.local) ? pattern_key(address.domain, address.local)
                                   : address_key(address.domain, address.local);
}

bool same(const Address& a, const Address& b) {
  return a.domain == b.domain && fold_local(a.local) == fold_local(b.local);
}

// The alias as it is stored: everything canonical, targets once each in the order given.
Task<Result<Alias>> checked(Draft& draft, Alias alias, const Limits& limits) {
  Alias out;
  CO_TRY(out.address, co_await draft.own_address(std::move(alias.address)));
  if (is_pattern(out.address.local)) {
    CO_TRY_VOID(check_pattern(out.address.local));
  }
  if (alias.targets.size() > limits.alias_targets_max) {
    co_return fail(Error::Kind::limit,
                   fmt::format("an alias of more than {} targets", limits.alias_targets_max));
  }
  for (Address& target : alias.targets) {
    CO_TRY(auto canonical, co_await draft.any_address(std::move(target)));
    if (same(canonical, out.address)) {
      co_return fail(Error::Kind::conflict,
                     fmt::format("{} would be an alias of itself", out.address.str()));
    }
    auto known = [&](const Address& a) { return same(a, canonical); };
    if (std::ranges::none_of(out.targets, known)) out.targets.push_back(std::move(canonical));
  }
  if (out.targets.empty())
    co_return fail(Error::Kind::syntax,
                   fmt::format("{} leads nowhere: name at least one target", out.address.str()));
  co_return out;
}

// What is at the alias' address now, if it is an alias.
Task<Result<Alias>> existing(Draft& draft, const Address& address) {
  CO_TRY(auto record, co_await draft.get(key_of(address)));
  if (record) {
    CO_TRY(auto entry, decode_address(*record));
    if (auto* alias = std::get_if<Alias>(&entry)) co_return std::move(*alias);
    co_return fail(Error::Kind::conflict,
                   fmt::format("{} is an account, not an alias", address.str()));
  }
  co_return fail(Error::Kind::not_found, fmt::format("no alias {}", address.str()));
}

}  // namespace

Task<Result<>> Directory::prepare_add_alias(store::Batch& batch, Alias alias) {
  Draft draft(impl_->store, batch);
  CO_TRY(auto made, co_await checked(draft, std::move(alias), impl_->limits));
  std::string key = key_of(made.address);
  CO_TRY(auto there, co_await draft.get(key));
  if (there) {
    CO_TRY(auto entry, decode_address(*there));
    co_return fail(Error::Kind::conflict,
                   fmt::format("{} is an {} already", made.address.str(),
                               std::holds_alternative<Alias>(entry) ? "alias" : "account"));
  }
  if (is_pattern(made.address.local)) {
    std::size_t max = impl_->limits.patterns_max;
    CO_TRY(auto there_are, co_await draft.keys_in(patterns_of(made.address.domain), max));
    if (there_are.size() == max) {
      co_return fail(Error::Kind::limit,
                     fmt::format("{} has {} patterns, and no more may be (patterns_max)",
                                 made.address.domain.display(), max));
    }
    draft.require_unchanged();
  }
  draft.put(std::move(key), encode(AtAddress(std::move(made))));
  draft.apply();
  co_return {};
}

Task<Result<>> Directory::prepare_set_alias(store::Batch& batch, Alias alias) {
  Draft draft(impl_->store, batch);
  CO_TRY(auto made, co_await checked(draft, std::move(alias), impl_->limits));
  CO_TRY_VOID(co_await existing(draft, made.address));
  std::string key = key_of(made.address);
  draft.put(std::move(key), encode(AtAddress(std::move(made))));
  draft.apply();
  co_return {};
}

Task<Result<>> Directory::prepare_remove_alias(store::Batch& batch, Address address) {
  Draft draft(impl_->store, batch);
  CO_TRY(address, co_await draft.any_address(std::move(address)));
  CO_TRY_VOID(co_await existing(draft, address));
  draft.erase(key_of(address));
  draft.apply();
  co_return {};
}

}  // namespace posta::directory
