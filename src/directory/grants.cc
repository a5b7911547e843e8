// grants.cc: senders that an account may use though they are not its own addresses.
#include <fmt/format.h>

#include "directory/draft.h"
#include "directory/fold.h"
#include "directory/inside.h"
#include "directory/keys.h"

namespace posta::directory {

namespace {

// Canonical. A bare local part is of the default domain; a bare domain stays one.
Task<Result<Grant>> canonical(Draft& draft, Grant grant) {
  if (grant.sender.empty()) {
    if (grant.sender.domain.empty())
      co_return fail(Error::Kind::syntax, "a sender is an address, or @ and a domain");
    co_return grant;
  }
  CO_TRY(grant.sender, co_await draft.any_address(std::move(grant.sender)));
  co_return grant;
}

}  // namespace

Task<Result<>> Directory::prepare_grant(store::Batch& batch, AccountId id, Grant grant) {
  Draft draft(impl_->store, batch);
  CO_TRY(auto account, co_await draft.existing_account(id));
  CO_TRY(grant, co_await canonical(draft, std::move(grant)));
  CO_TRY(auto there, co_await draft.keys_in(grants_of(id), ~std::size_t{0}));
  std::string key = grant_key(id, grant);
  CO_TRY(auto record, co_await draft.get(key));
  if (record) {
    co_return fail(Error::Kind::conflict,
                   fmt::format("{} may send as {} already", account.address.str(), grant.str()));
  }
  if (there.size() >= impl_->limits.grants_max) {
    co_return fail(Error::Kind::limit,
                   fmt::format("{} has {} grants, and no more may be (grants_max)",
                               account.address.str(), there.size()));
  }
  draft.put(std::move(key), encode(grant));
  draft.apply();
  co_return {};
}

Task<Result<>> Directory::prepare_revoke(store::Batch& batch, AccountId id, Grant grant) {
  Draft draft(impl_->store, batch);
  CO_TRY(auto account, co_await draft.existing_account(id));
  CO_TRY(grant, co_await canonical(draft, std::move(grant)));
  std::string key = grant_key(id, grant);
  CO_TRY(auto record, co_await draft.get(key));
  if (!record) {
    co_return fail(Error::Kind::not_found,
                   fmt::format("{} was not granted {}", account.address.str(), grant.str()));
  }
  draft.erase(std::move(key));
  draft.apply();
  co_return {};
}

Task<Result<std::vector<Grant>>> Directory::grants(AccountId id) {
  CO_TRY(auto found,
         co_await impl_->store.snapshot()->scan(grants_of(id), impl_->limits.grants_max + 16));
  std::vector<Grant> out;
  for (const auto& [key, value] : found) {
    CO_TRY(auto grant, decode_grant(value));
    out.push_back(std::move(grant));
  }
  co_return out;
}

Task<Result<bool>> Directory::is_granted(AccountId id, Address sender) {
  Grant domain{{std::string(), sender.domain}};
  Snapshot at = impl_->store.snapshot();
  CO_TRY(auto found,
         co_await at->multi_get({grant_key(id, Grant{std::move(sender)}), grant_key(id, domain)}));
  co_return found[0].has_value() || found[1].has_value();
}

}  // namespace posta::directory
