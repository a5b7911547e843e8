#include "ops/accounts.h"

#include <fmt/format.h>

#include "mta/intake/allowance.h"
#include "ops/change.h"

namespace posta::ops {

Task<Result<directory::Account>> Accounts::existing(Address address) {
  CO_TRY(auto account, co_await directory_.account(address));
  if (!account) {
    co_return fail(Error::Kind::not_found, fmt::format("no account {}", address.str()));
  }
  co_return *std::move(account);
}

Task<Result<directory::Account>> Accounts::add(directory::NewAccount account) {
  runtime::Executor& executor = co_await runtime::this_executor();
  AccountId id;
  auto prepare = [&](store::Batch& batch) -> Task<Result<>> {
    CO_TRY(id, co_await directory_.prepare_add_account(batch, account));
    mailboxes_.prepare_create(batch, id, executor.wall());
    co_return {};
  };
  CO_TRY_VOID(co_await change(store_, prepare));
  CO_TRY(auto made, co_await directory_.account(id));
  if (!made) co_return fail(Error::Kind::stale, "the account was removed again at once");
  co_return *std::move(made);
}

Task<Result<>> Accounts::remove(Address address) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  auto prepare = [&](store::Batch& batch) {
    mta::Allowance::forget(batch, account.id);
    return directory_.prepare_remove_account(batch, account.id);
  };
  CO_TRY_VOID(co_await change(store_, prepare));
  auto gone = co_await remove_mail(account.id);
  if (!gone) {
    gone.error().what = fmt::format(
        "{} is removed, but not all of its mail yet, which is tried "
        "again by itself: {}",
        account.address.str(), gone.error().what);
  }
  co_return gone;
}

Task<Result<>> Accounts::remove_mail(AccountId id) {
  CO_TRY_VOID(co_await mailboxes_.remove(id));
  auto prepare = [&](store::Batch& batch) -> Task<Result<>> {
    directory_.forget_removed(batch, id);
    co_return {};
  };
  co_return co_await change(store_, prepare);
}

Task<Result<directory::Account>> Accounts::set(Address address, directory::AccountChange what) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  auto prepare = [&](store::Batch& batch) {
    return directory_.prepare_change_account(batch, account.id, what);
  };
  CO_TRY_VOID(co_await change(store_, prepare));
  CO_TRY(auto now, co_await directory_.account(account.id));
  if (!now) co_return fail(Error::Kind::stale, "the account was removed at the same time");
  co_return *std::move(now);
}

Task<Result<>> Accounts::set_password(Address address, std::string password, bool force) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  auto prepare = [&](store::Batch& batch) {
    return directory_.prepare_set_password(batch, account.id, password, force);
  };
  co_return co_await change(store_, prepare);
}

Task<Result<>> Accounts::set_postmaster(Address address) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  auto prepare = [&](store::Batch& batch) {
    return directory_.prepare_set_postmaster(batch, account.id);
  };
  co_return co_await change(store_, prepare);
}

Task<Result<AccountState>> Accounts::state_of(directory::Account account, AccountId postmaster) {
  AccountState state;
  CO_TRY(state.use, co_await mailboxes_.use(account.id));
  CO_TRY(state.has_password, co_await directory_.has_password(account.id));
  state.is_postmaster = account.id == postmaster;
  state.account = std::move(account);
  co_return state;
}

Task<Result<AccountState>> Accounts::show(Address address) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  CO_TRY(auto system, co_await directory_.system());
  co_return co_await state_of(std::move(account), system.postmaster);
}

Task<Result<std::vector<AccountState>>> Accounts::list(std::string after, std::size_t limit) {
  CO_TRY(auto accounts, co_await directory_.accounts(std::move(after), limit));
  CO_TRY(auto system, co_await directory_.system());
  std::vector<AccountState> out;
  out.reserve(accounts.size());
  for (auto& account : accounts) {
    CO_TRY(auto state, co_await state_of(std::move(account), system.postmaster));
    out.push_back(std::move(state));
  }
  co_return out;
}

Task<Result<std::size_t>> Accounts::finish_removals() {
  constexpr std::size_t kChunk = 100;
  std::size_t finished = 0;
  for (;;) {
    CO_TRY(auto removed, co_await directory_.removed(kChunk));
    for (AccountId id : removed) CO_TRY_VOID(co_await remove_mail(id));
    finished += removed.size();
    if (removed.size() < kChunk) co_return finished;
  }
}

}  // namespace posta::ops
