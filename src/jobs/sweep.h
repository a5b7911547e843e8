// sweep.h: gives back what nobody can reach any more.
//
//   expunged e-mail     older than mailbox.retention             Mailboxes::sweep_expunged
//   bodies              that nobody links and no lease holds     Store::sweep_bodies
//
// In that order, since each leaves work for the next. At start, then every `sweep_every`.
#pragma once

#include <chrono>

#include "base/events.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "runtime/stop.h"
#include "store/store.h"

namespace posta::jobs {

using runtime::Task;

struct SweepLimits {
  std::chrono::minutes sweep_every{60};
  std::size_t accounts_at_a_time = 1000;  // read from the directory in one piece
};

class Sweep {
 public:
  struct Deps {
    store::Store& store;
    directory::Directory& directory;
    mailbox::Mailboxes& mailboxes;
    Events& events;
  };
  Sweep(Deps deps, SweepLimits limits) : deps_(deps), limits_(limits) {}

  // For ever, until `stop`. Spawn it into a nursery.
  Task<> run(runtime::Stop& stop);
  // One round. Errors are events, and work for the next round.
  Task<> once(runtime::Stop* stop);

 private:
  Task<Result<std::uint64_t>> sweep_mailboxes(runtime::Stop* stop);

  Deps deps_;
  SweepLimits limits_;
};

// jobs.sweep.done     expunged bodies   debug, or info if there was something
// jobs.sweep.failed   what error        warning

}  // namespace posta::jobs
