#include "ops/credentials.h"

#include <fmt/format.h>

#include "ops/change.h"

namespace posta::ops {

Task<Result<directory::Account>> Credentials::existing(Address address) {
  CO_TRY(auto account, co_await directory_.account(address));
  if (!account) {
    co_return fail(Error::Kind::not_found, fmt::format("no account {}", address.str()));
  }
  co_return *std::move(account);
}

Task<Result<>> Credentials::change_password(Address address, std::string old_password,
                                            std::string new_password, bool force) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  CO_TRY(bool right, co_await directory_.knows_password(account.id, std::move(old_password)));
  if (!right || !account.enabled) {
    co_return fail(Error::Kind::denied,
                   fmt::format("that is not the password of {}", account.address.str()));
  }
  if (new_password.empty()) co_return fail(Error::Kind::syntax, "the new password is empty");
  auto prepare = [&](store::Batch& batch) {
    return directory_.prepare_set_password(batch, account.id, new_password, force);
  };
  co_return co_await change(store_, prepare);
}

Task<Result<std::uint32_t>> Credentials::add_app_password(Address address,
                                                          directory::NewAppPassword password) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  std::uint32_t number = 0;
  auto prepare = [&](store::Batch& batch) -> Task<Result<>> {
    CO_TRY(number, co_await directory_.prepare_add_app_password(batch, account.id, password));
    co_return {};
  };
  CO_TRY_VOID(co_await change(store_, prepare));
  co_return number;
}

Task<Result<>> Credentials::remove_app_password(Address address, std::uint32_t number) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  auto prepare = [&](store::Batch& batch) {
    return directory_.prepare_remove_app_password(batch, account.id, number);
  };
  co_return co_await change(store_, prepare);
}

Task<Result<std::vector<directory::AppPassword>>> Credentials::app_passwords(Address address) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  co_return co_await directory_.app_passwords(account.id);
}

Task<Result<>> Credentials::grant(Address address, directory::Grant sender) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  auto prepare = [&](store::Batch& batch) {
    return directory_.prepare_grant(batch, account.id, sender);
  };
  co_return co_await change(store_, prepare);
}

Task<Result<>> Credentials::revoke(Address address, directory::Grant sender) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  auto prepare = [&](store::Batch& batch) {
    return directory_.prepare_revoke(batch, account.id, sender);
  };
  co_return co_await change(store_, prepare);
}

Task<Result<std::vector<directory::Grant>>> Credentials::grants(Address address) {
  CO_TRY(auto account, co_await existing(std::move(address)));
  co_return co_await directory_.grants(account.id);
}

}  // namespace posta::ops
