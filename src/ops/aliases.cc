#include "ops/aliases.h"

#include <fmt/format.h>

#include "ops/change.h"

namespace posta::ops {

Task<Result<>> Aliases::add(directory::Alias alias) {
  auto prepare = [&](store::Batch& batch) { return directory_.prepare_add_alias(batch, alias); };
  co_return co_await change(store_, prepare);
}

Task<Result<>> Aliases::set(directory::Alias alias) {
  auto prepare = [&](store::Batch& batch) { return directory_.prepare_set_alias(batch, alias); };
  co_return co_await change(store_, prepare);
}

Task<Result<>> Aliases::remove(Address address) {
  auto prepare = [&](store::Batch& batch) {
    return directory_.prepare_remove_alias(batch, address);
  };
  co_return co_await change(store_, prepare);
}

Task<Result<directory::Alias>> Aliases::show(Address address) {
  CO_TRY(auto entry, co_await directory_.look_up(address));
  auto* alias = std::get_if<directory::IsAlias>(&entry);
  if (!alias)
    co_return fail(Error::Kind::not_found, fmt::format("{} is not an alias", address.str()));
  co_return directory::Alias{std::move(alias->alias), std::move(alias->targets)};
}

Task<Result<std::vector<directory::Alias>>> Aliases::list(std::string after, std::size_t limit) {
  return directory_.aliases(std::move(after), limit);
}

}  // namespace posta::ops
