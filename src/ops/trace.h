// trace.h: what happens to letters is kept for a while, for `posta trace`.
//
//   emit ──> buffer ──(a block is full, or flush_every)──> T/b and T/i, one relaxed commit
//                                                             │
//   find, lives <─────────────────────────────────────────────┘──> sweep: too old, or too much
//
// A view of the events like the log, with the same promise: emitting never waits. What is kept
// costs no fsync of its own, and a crash may lose the last seconds of it. Refusals are what
// strangers cause, so only some of them are kept each second; the others are counted.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "base/events.h"
#include "base/limits.h"
#include "ops/trace_record.h"
#include "runtime/executor.h"
#include "runtime/stop.h"
#include "runtime/task.h"
#include "store/store.h"

namespace posta::ops {

using runtime::Task;

struct TraceLimits {
  std::chrono::seconds retention{7 * 24 * 3600};  // 0: nothing is kept
  Octets octets_max = 256_MiB;                    // of blocks in the store; the oldest go
  std::size_t refusals_per_second_max = 50;       // more: counted, not kept
  Octets buffer_octets_max = 4_MiB;               // in memory, not yet written; more: dropped
  std::size_t block_records_max = 512;
  std::chrono::milliseconds flush_every{2000};
  std::chrono::minutes sweep_every{30};
};

inline constexpr LimitInfo kTraceLimits[] = {
    {"trace.octets_max", "octets", "the oldest traces go", ""},
    {"trace.refusals_per_second_max", "events", "counted: trace.refusals.omitted", ""},
    {"trace.buffer_octets_max", "octets", "dropped: trace.records.dropped", ""},
};

// What happened to one letter, or one refusal, the oldest first.
struct Life {
  std::string id;  // queue id; empty: never a letter here
  std::vector<TraceRecord> records;
};

class Trace final : public Events {
 public:
  // Both outlive it.
  Trace(store::Store& store, runtime::Executor& clock, TraceLimits limits)
      : store_(store), clock_(clock), limits_(limits) {}

  // Any thread.
  void emit(const Event& event) override;
  void flush();

  // Flushes and sweeps until `stop`, and flushes once more.
  Task<> run(runtime::Stop& stop);
  // Erases what is too old, or more than is allowed. Returns how many blocks.
  Task<Result<std::uint64_t>> sweep();

  // Records since `since` in which one of the words stands (trace_word), the oldest first; if there
  // are more than `limit`, the youngest of them.
  Task<Result<std::vector<TraceRecord>>> find(std::vector<std::string> words, WallTime since,
                                              std::size_t limit);
  // The lives of all letters in which `text` stands: a queue id, an address, a Message-ID, the
  // address of a host. Ordered by their beginning.
  Task<Result<std::vector<Life>>> lives(std::string text, WallTime since, std::size_t limit);

 private:
  bool takes(const Event& event, WallTime now);
  void write_block();  // under mutex_

  store::Store& store_;
  runtime::Executor& clock_;
  const TraceLimits limits_;

  std::mutex mutex_;
  std::vector<TraceRecord> records_;
  Octets buffered_ = 0;
  std::uint32_t sequence_ = 0;
  WallTime refusals_since_{};  // the second that is counted
  std::size_t refusals_ = 0;   // in it
  std::uint64_t omitted_ = 0;
  std::uint64_t dropped_ = 0;
};

// In one line: "accepted from 192.0.2.7 (relay.example.net) ...". Events that have no sentence are
// told as their name and fields.
std::string trace_sentence(const TraceRecord& record);

}  // namespace posta::ops
