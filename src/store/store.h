// store.h: ordered keys, snapshots, batches with preconditions, bodies (docs/formats/keys.md).
//
// Everything durable in posta lives here. A backend realises exactly this and passes one shared
// suite. Nothing above knows which backend it stands on; nothing in here knows what a letter is.
//
//   auto snapshot = store.snapshot();
//   auto value = co_await snapshot->get(key);            cached: at once; cold: on the worker pool
//   Batch batch;
//   batch.put(key, value).at_turn(partition, fn);
//   auto done = co_await store.commit(std::move(batch)); durable when it returns
//
// One committer gathers what all loops have handed in since its last commit, runs turns and
// preconditions in order, merges everything into one synced write, then resumes everybody:
// concurrent commits share one fsync, and no lock is held over it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "mail/ids.h"
#include "runtime/task.h"

namespace posta::store {

using runtime::Task;

// Grows with every commit, over restarts too. A snapshot's version tells which commits it contains.
using Version = std::uint64_t;

// What is consistent together: an account, the queue, the directory. Every key belongs to one.
using Partition = std::uint64_t;

// Names a body. Unique for ever; never derived from the content.
using BodyId = Strong<struct BodyTag, std::uint64_t>;

// A body in the store: immutable octets. `size` is of the body itself, not of how it is packed.
struct BodyRef {
  BodyId id;
  std::uint64_t size = 0;
  friend bool operator==(const BodyRef&, const BodyRef&) = default;
};

struct KeyValue {
  std::string key;
  std::string value;
};

// [begin, end): octet order. An empty end means "to the last key". The first octet of a key is
// below 0xFF.
struct Range {
  std::string begin;
  std::string end;
  static Range prefix(std::string_view p);  // all keys that begin with p
};

// ----------------------------------------------------------------------------------------------
// reads

// A consistent view as of one version. Cheap. Expires after `snapshot_life_max`, then every read
// answers Error{stale}; long scans resume by key on a new one. Any thread may hold it.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual Version version() const = 0;
  virtual Task<Result<std::optional<std::string>>> get(std::string key) const = 0;
  // In the order of the keys asked for.
  virtual Task<Result<std::vector<std::optional<std::string>>>> multi_get(
      std::vector<std::string> keys) const = 0;
  // At most `limit` pairs, in order of keys; backwards from the end if `reverse`.
  virtual Task<Result<std::vector<KeyValue>>> scan(Range range, std::size_t limit,
                                                   bool reverse = false) const = 0;
};

// ---------------------------------------------------------------------------------------------
// writes

// What a partition's owner keeps in memory beside the store, for turns: next uids, modseq, quota
// use. Immutable; a turn that changes something makes a new one.
class Head {
 public:
  virtual ~Head() = default;
};

// The turn of one batch at one partition, in commit order. It never waits: it may only look at the
// head and at what the batch carries. It may run again (a group that failed, a backend that
// retries).
class Turn {
 public:
  virtual ~Turn() = default;
  // The head as the commits before this one left it; null if the store has none (see offer_head).
  virtual const std::shared_ptr<const Head>& head() const = 0;
  // Becomes the head if this batch is accepted.
  virtual void set_head(std::shared_ptr<const Head> head) = 0;
  // The version that this batch will have.
  virtual Version version() const = 0;

  virtual void put(std::string key, std::string value) = 0;
  virtual void erase(std::string key) = 0;
  virtual void append(std::string key, std::string octets) = 0;
  virtual void publish(std::string topic, std::shared_ptr<const void> what) = 0;
};

// Why a turn or a precondition said no. A value, not an error.
struct Refusal {
  enum class Why {
    required,  // a `require` did not hold: read again and build a new batch
    no_head,   // the store has no head for the partition: load, offer_head, commit again
    turn,      // the turn said no; `code` is its own word for the reason
  };
  Why why = Why::required;
  int code = 0;
};

// Accepts with nothing, refuses with the caller's own code (above 0) or kNoHead.
inline constexpr int kAccept = 0;
inline constexpr int kNoHead = -1;
using TurnFn = std::move_only_function<int(Turn&)>;

// A body on its way in. Destroying it without committing gives up the lease and the octets.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  virtual BodyRef ref() const = 0;  // the size so far
  // Small bodies stay in memory and travel in the batch; beyond `body_inline_max` the octets go to
  // a file.
  virtual Task<Result<>> write(std::string octets) = 0;
  // No more octets. A large body is on stable storage when this returns; a small one when the batch
  // is.
  virtual Task<Result<>> finish() = 0;
  // All that was written, once it is finished, for who needs it again at once. Null: it is large.
  virtual std::shared_ptr<const std::string> octets() const = 0;
};

// A set of changes that happen together or not at all. A batch may span partitions where the store
// says so (spans_partitions).
class Batch {
 public:
  Batch() = default;
  Batch(Batch&&) = default;
  Batch& operator=(Batch&&) = default;

  Batch& put(std::string key, std::string value);
  Batch& erase(std::string key);
  Batch& erase_range(Range range);
  Batch& add(std::string key, std::int64_t delta);     // signed little counters; see get_counter
  Batch& append(std::string key, std::string octets);  // octet concatenation, nothing cleverer
  Batch& take(std::unique_ptr<BodyWriter> body);       // a finished body becomes part of the commit
  // B/<body>/<owner>: keeps the body alive. To link a body that this batch does not take, require
  // a link or a record that keeps it alive until then.
  Batch& link(BodyId body, std::string owner);
  Batch& unlink(BodyId body, std::string owner);
  Batch& publish(std::string topic, std::shared_ptr<const void> what);
  // The key is absent, or its value has this digest (digest_of); else the batch is refused.
  Batch& require_absent(std::string key);
  Batch& require_value(std::string key, std::uint64_t digest);
  // Nobody has committed anything to the partition after `since`.
  Batch& require_unchanged(Partition partition, Version since);
  // The batch touches this partition, without a turn.
  Batch& touch(Partition partition);
  // Runs `fn` when the batch's turn comes. Turns run in the order in which they were added.
  Batch& at_turn(Partition partition, TurnFn fn);
  bool empty() const;

  // --- read by the committer and the backends
  struct Op {
    enum class Kind { put, erase, erase_range, add, append } kind;
    std::string key;
    std::string value;  // erase_range: the end; add: 8 octets little-endian
  };
  struct Require {
    std::string key;
    std::optional<std::uint64_t> digest;  // nothing: absent
  };
  struct Unchanged {
    Partition partition;
    Version since;
  };
  struct TurnOf {
    Partition partition;
    TurnFn fn;
  };
  struct Publication {
    std::string topic;
    std::shared_ptr<const void> what;
  };
  std::vector<Op> ops;
  std::vector<Require> requires_;
  std::vector<Unchanged> unchanged;
  std::vector<TurnOf> turns;
  std::vector<Partition> touched;
  std::vector<Publication> publications;
  std::vector<std::unique_ptr<BodyWriter>> bodies;
};

std::string body_link_key(BodyId body,
                          std::string_view owner);  // B/<body>/<owner>: what link() puts

std::uint64_t digest_of(std::string_view value);  // for require_value
// What `add` wrote: 8 octets, little-endian, two's complement, wrapping. Anything else counts as 0.
std::int64_t get_counter(std::string_view value);

struct Committed {
  Version version = 0;
  std::optional<Refusal> refused;
  // If refused: the bodies of the batch come back, for the next try.
  std::vector<std::unique_ptr<BodyWriter>> bodies;
  bool ok() const { return !refused; }
};

// Told of every publication, on the committer's thread, in commit order, after the commit is
// durable and before its committers resume. Must not block.
using Subscriber = std::function<void(std::string_view topic,
                                      const std::shared_ptr<const void>& what, Version version)>;

struct Limits {
  Octets body_inline_max = 128_KiB;      // larger bodies go to files of their own
  Octets body_octets_max = 1_GiB;        // Error{limit}
  Octets batch_octets_max = 64_MiB;      // Error{limit}
  std::size_t group_batches_max = 1024;  // batches in one synced write
  Octets group_octets_max = 16_MiB;
  std::size_t waiting_batches_max = 16384;  // beyond: Error{unavailable}
  std::size_t heads_max = 65536;            // heads kept in memory; the least recently used go
  Octets key_octets_max = 4_KiB;            // Error{limit}
  std::chrono::seconds snapshot_life_max{5};
  Octets disk_free_min = 256_MiB;  // below: commits that add bodies are refused with Error{full}
};

class Store {
 public:
  virtual ~Store() = default;

  virtual std::shared_ptr<const Snapshot> snapshot() = 0;

  // Durable when it returns. Error{unavailable}: nothing of it is or will be there, unless the
  // process ends. Error{full}: no space, nothing was written. A failed fsync ends the process
  // (never retried).
  virtual Task<Result<Committed>> commit(Batch batch) = 0;

  // Acknowledged in memory, rides on the next sync; may be lost in a crash. For counters and traces
  // of what was refused. Dropped silently when the committer is flooded. No turns, no requires, no
  // bodies.
  virtual void commit_relaxed(Batch batch) = 0;

  // True if a batch may change several partitions atomically.
  virtual bool spans_partitions() const = 0;

  // --- heads
  virtual bool has_head(Partition partition) const = 0;
  // The head was built from a snapshot of version `as_of`. Taken only if nothing was committed to
  // the partition since and there is none already.
  virtual void offer_head(Partition partition, std::shared_ptr<const Head> head, Version as_of) = 0;

  // --- bodies
  virtual std::unique_ptr<BodyWriter> new_body() = 0;
  // [offset, offset + length) of the body, cut at its end. Error{not_found} if it has been swept.
  virtual Task<Result<std::string>> read_body(BodyRef body, std::uint64_t offset,
                                              std::uint64_t length) const = 0;
  // Removes bodies that nobody links and no lease holds. Returns how many. Cost grows with what was
  // unlinked since the last time, not with what is stored.
  virtual Task<Result<std::uint64_t>> sweep_bodies() = 0;

  virtual void subscribe(Subscriber subscriber) = 0;  // before the first commit

  // Free octets on the disk that matters; for the reserve and `posta check`.
  virtual std::uint64_t disk_free() const = 0;
  bool short_of_disk() const { return disk_free() < limits().disk_free_min; }
  virtual const Limits& limits() const = 0;

  // A consistent copy in a new directory, made while serving (backup).
  virtual Task<Result<>> checkpoint(std::string directory) = 0;
};

}  // namespace posta::store
