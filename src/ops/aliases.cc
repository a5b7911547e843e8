#include "ops/aliases.h"

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

Task<Result<std::vector<directory::Alias>>> Aliases::list(std::string after, std::size_t limit) {
  return directory_.aliases(std::move(after), limit);
}

}  // namespace posta::ops
