// connect.cc: may this peer speak at all?

#include "mta/intake/intake.h"
#include "mta/intake/transaction.h"

namespace posta::mta {

Intake::Intake(Deps deps, IntakeConfig config) : deps_(deps), allowance_(deps.store, deps.events) {
  configure(std::move(config));
}

void Intake::configure(IntakeConfig config) {
  std::lock_guard lock(mutex_);
  config_ = &configs_.emplace_back(std::move(config));
}

Intake::~Intake() = default;

// Blocklists and access rules will be asked here. Until they exist every peer may speak; the number
// of connections is the server's to limit.
Task<std::optional<Reply>> Intake::connect(Origin) {
  co_return std::nullopt;
}

}  // namespace posta::mta
