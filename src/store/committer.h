// committer.h: gathers batches of all loops into group commits, over any Log.
//
// States of a batch:
//
//   handed in --> in a group --turns, requires--> accepted --apply--> committed
//                     |                               |               (resumed with its Version)
//                     |                               +-- the write failed: the whole group answers
//                     |                                   Error, all heads are dropped
//                     +-- refused (resumed with a Refusal when the group is through)
//
// A group is `begin()`, the log's write, `end()`. In the real world a thread of its own does one
// after the other for ever (committer_thread.h); on one executor, the simulator's above all, they
// are steps with a delay between them (executor_driver.h). Either way it is this very code.
//
// Order: versions, turns, publications and resumptions are in the order of handing in. A refused
// batch leaves no trace. Nobody learns of a refusal before what it was based on is durable.
#pragma once

#include <atomic>
#include <coroutine>
#include <deque>

#include "base/events.h"
#include "store/group_view.h"
#include "store/heads.h"
#include "store/store.h"

namespace posta::store {

// What a backend adds to the committer: one atomic write, and point reads for preconditions.
// The committer's thread only.
class Log {
 public:
  virtual ~Log() = default;

  struct Body {
    BodyId id;
    const std::string* packed;  // pack.h
  };
  struct Write {
    std::vector<const std::vector<Batch::Op>*> ops;  // in this order
    std::vector<Body> bodies;                        // small ones
    std::vector<BodyId> erased;                      // small ones
  };
  // All or nothing; visible to readers only when it returns, and on stable storage if `sync`.
  // Error{full} means that nothing is there and that later writes may succeed after resume(); any
  // other Error that nobody knows, so the process must end.
  virtual Result<> apply(const Write& write, bool sync) = 0;
  // After Error{full}, when there is space again.
  virtual Result<> resume() = 0;

  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  virtual Result<bool> any(std::string_view prefix) = 0;  // is there a key that begins with it
  virtual std::uint64_t disk_free() const = 0;            // octets; any thread
};

// Wakes whoever calls begin() and end().
class Driver {
 public:
  virtual ~Driver() = default;
  virtual void handed_in() = 0;  // something is there that was not; any thread
};

// Bodies that a batch may not yet name but a sweep must not remove. Any thread.
class Leases {
 public:
  void hold(BodyId body);
  void release(BodyId body);
  bool held(BodyId body) const;

 private:
  mutable std::mutex mutex_;
  std::set<BodyId> held_;
};

class Committer {
 public:
  struct Options {
    Limits limits;
    // A write failed and nobody knows what is on the disk. If it returns, everything is refused
    // from then on.
    std::function<void(const Error&)> fatal;
    Events* events = nullptr;  // store/events.h
    // One posted step may resume several tasks of one executor. The simulator wants to order them.
    bool coalesce = true;
  };
  Committer(Log& log, Options options);
  ~Committer();

  // Reads the last version and the mark of bodies. Before everything else.
  Result<> start();
  void set_driver(Driver* driver) { driver_ = driver; }
  void subscribe(Subscriber subscriber) { subscribers_.push_back(std::move(subscriber)); }

  // --- any thread

  // One batch on its way; lives in the frame of the task that waits for it.
  struct Waiting {
    enum class Kind { commit, relaxed, sweep } kind = Kind::commit;
    Batch batch;
    Octets octets = 0;
    std::vector<BodyId> sweep;  // candidates; those that were removed remain
    Result<Committed> result = Committed{};
    runtime::Executor* executor = nullptr;
    std::coroutine_handle<> handle;
    Waiting* next = nullptr;
  };
  // Suspends until the group of the batch is through.
  struct HandIn {
    Committer& committer;
    Waiting& waiting;
    bool await_ready() noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> self) {
      waiting.executor = self.promise().executor;
      waiting.handle = self;
      return committer.hand_in(&waiting);
    }
    void await_resume() noexcept {}
  };
  HandIn hand_in(Waiting& waiting) { return {*this, waiting}; }
  void relaxed(Batch batch, Octets octets);

  BodyId new_body_id() { return BodyId(next_body_.fetch_add(1, std::memory_order_relaxed)); }
  Leases& leases() { return leases_; }
  Heads& heads() { return heads_; }
  bool idle() const { return handed_in_.load() == nullptr; }

  // --- the driver's thread

  // Takes what was handed in, runs turns and preconditions. True: a group is open; write `write()`
  // if `needs_write()`, then end() it.
  bool begin();
  bool needs_write() const { return accepted_ > 0; }
  bool needs_sync() const { return sync_; }
  const Log::Write& write() const { return write_; }
  void end(Result<> applied);
  // begin, apply, end. False if there was nothing to do.
  bool step();
  // Everything that waits, in an open group or not, is answered with this error; what is handed in
  // later with Error{closed}.
  void abandon(const Error& error);

 private:
  bool hand_in(Waiting* waiting);
  void take_handed_in();
  void look_at_disk();
  void judge(Waiting& waiting);
  Result<std::optional<Refusal>> accept(Waiting& waiting, Version version);
  Result<bool> requires_hold(const Batch& batch);
  std::optional<Refusal> run_turns(Batch& batch, Version version);
  Result<> judge_sweep(Waiting& waiting);
  void add_to_write(Waiting& waiting, Version version);
  void note_loose_bodies(Batch& batch);
  void note_system_keys();
  void fail_group(const Error& error);
  void publish();
  void resume_group();

  struct TurnOf;

  Log& log_;
  const Options options_;
  Driver* driver_ = nullptr;
  std::vector<Subscriber> subscribers_;
  Heads heads_;
  Leases leases_;

  std::atomic<Waiting*> handed_in_{nullptr};  // the youngest first
  std::atomic<std::size_t> waiting_{0};       // handed in and not yet in a group
  std::atomic<std::uint64_t> next_body_{1};
  std::atomic<bool> closed_{false};

  std::deque<Waiting*> queue_;  // taken, not yet in a group
  std::vector<Waiting*> group_;
  GroupView view_;
  std::vector<std::pair<Partition, std::shared_ptr<const Head>>> staged_heads_;
  Log::Write write_;
  std::vector<Batch::Op> system_ops_;
  Octets group_octets_ = 0;
  std::size_t accepted_ = 0;
  bool sync_ = false;
  bool open_ = false;
  bool short_of_disk_ = false;
  bool full_ = false;
  std::optional<Error> broken_;
  Version version_ = 0;
  std::uint64_t body_mark_ = 1;  // durable: no id from here on was given away
  std::uint64_t body_mark_next_ = 0;
};

}  // namespace posta::store
