// draft.h: one change to the directory while it is being prepared.
//
// Reads go through the batch: what an earlier change of the same batch puts or erases is seen, and
// what comes from the store becomes a precondition of the batch (the value is still that, or still
// absent). Nothing reaches the batch before apply(), so a change that turns out to be wrong leaves
// it as it was.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory/records.h"
#include "store/store.h"

namespace posta::directory {

class Draft {
 public:
  Draft(store::Store& store, store::Batch& batch) : batch_(batch), snapshot_(store.snapshot()) {}

  Task<Result<std::optional<std::string>>> get(std::string key);
  // The keys of a range, at most `limit`, as of the batch and this change. No precondition comes of
  // it: whoever builds on it calls require_unchanged().
  Task<Result<std::vector<std::string>>> keys_in(store::Range range, std::size_t limit);

  void put(std::string key, std::string value);
  void erase(std::string key);
  void erase_range(store::Range range);
  // Nobody changes anything in the directory between the reads and the commit.
  void require_unchanged() { unchanged_ = true; }

  void apply();

  // --- what every change begins with
  Task<Result<Meta>> meta();
  Task<Result<std::optional<Account>>> account(AccountId id);
  Task<Result<Account>> existing_account(AccountId id);  // or Error{not_found}
  Task<Result<DomainInfo>> existing_domain(Domain name);
  // Canonical and valid, in a domain of ours, which the batch then requires. Bare: default domain.
  Task<Result<Address>> own_address(Address address);
  // Canonical and valid, in any domain. Bare: default domain.
  Task<Result<Address>> any_address(Address address);

 private:
  store::Batch& batch_;
  std::shared_ptr<const store::Snapshot> snapshot_;
  std::vector<store::Batch::Op> ops_;
  std::vector<store::Batch::Require> requires_;
  bool unchanged_ = false;
};

}  // namespace posta::directory
