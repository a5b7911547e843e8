// committer.h: gathers batches of all loops into group commits, over any Log.
//
// States of a batch:
//
//   handed in --> in a group --turns, requires--> accepted --apply_synced--> committed (resumed
//   with Version)
//                     |                               |
//                     +-- refused (resumed with Refusal)
//                                                     +-- the write failed: the whole group answers
//                                                     Error,
//                                                         all heads are dropped
//
// `step()` does one group; in the real world a thread of its own calls it for ever
// (CommitterThread), in simulation it is a step of the simulated executor, so the simulator drives
// this very code.
#pragma once

#include "store/store.h"

namespace posta::store {

// What a backend adds to the committer: one atomic, synced write; and point reads for `require`.
class Log {
 public:
  virtual ~Log() = default;
  struct Write {
    std::vector<Batch::Op> ops;
    std::vector<std::pair<BodyId, std::string>> bodies;  // small bodies that travel in the batch
  };
  // All or nothing, on stable storage when it returns if `sync`. Error{full} leaves nothing behind.
  virtual Result<> apply(Write write, bool sync) = 0;
  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  virtual Version last_version() const = 0;  // at open: no version up to this one was used before
};

}  // namespace posta::store
