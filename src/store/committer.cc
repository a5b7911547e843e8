#include "store/committer.h"

#include "base/bytes.h"
#include "store/body_writer.h"
#include "store/events.h"
#include "store/keys.h"
#include "store/resume.h"

namespace posta::store {

// ------------------------------------------------------------------------------------------------
// leases

void Leases::hold(BodyId body) {
  std::lock_guard lock(mutex_);
  held_.insert(body);
}

void Leases::release(BodyId body) {
  std::lock_guard lock(mutex_);
  held_.erase(body);
}

bool Leases::held(BodyId body) const {
  std::lock_guard lock(mutex_);
  return held_.contains(body);
}

// ------------------------------------------------------------------------------------------------
// handing in

Committer::Committer(Log& log, Options options)
    : log_(log), options_(std::move(options)), heads_(options_.limits.heads_max) {}

Committer::~Committer() {
  CHECK(!open_ && queue_.empty() && !handed_in_.load());
}

Result<> Committer::start() {
  TRY(auto version, log_.get(kVersionKey));
  TRY(auto mark, log_.get(kBodiesKey));
  if ((version && version->size() != 8) || (mark && mark->size() != 8))
    return fail(Error::Kind::corrupt, "a system key of the store is not a number");
  version_ = version ? get_be64(*version) : 0;
  body_mark_ = mark ? get_be64(*mark) : 1;
  next_body_ = body_mark_;
  heads_.start(version_);
  return {};
}

bool Committer::hand_in(Waiting* waiting) {
  if (closed_.load(std::memory_order_relaxed)) {
    waiting->result = fail(Error::Kind::closed, "the store is closed");
    return false;
  }
  if (waiting_.fetch_add(1) >= options_.limits.waiting_batches_max) {
    waiting_.fetch_sub(1);
    waiting->result = fail(Error::Kind::unavailable, "too many commits are waiting");
    return false;
  }
  Waiting* before = handed_in_.load(std::memory_order_relaxed);
  do {
    waiting->next = before;
  } while (!handed_in_.compare_exchange_weak(before, waiting));
  // From here on the committer may have resumed the task: `waiting` is not ours any more.
  if (!before) driver_->handed_in();
  return true;
}

void Committer::relaxed(Batch batch, Octets octets) {
  if (waiting_.load(std::memory_order_relaxed) >= options_.limits.waiting_batches_max / 2) return;
  auto waiting = std::make_unique<Waiting>();
  waiting->kind = Waiting::Kind::relaxed;
  waiting->batch = std::move(batch);
  waiting->octets = octets;
  if (hand_in(waiting.get())) waiting.release();
}

void Committer::take_handed_in() {
  Waiting* youngest = handed_in_.exchange(nullptr);
  std::size_t from = queue_.size();
  for (; youngest; youngest = youngest->next) queue_.push_back(youngest);
  std::reverse(queue_.begin() + static_cast<std::ptrdiff_t>(from), queue_.end());
}

// ------------------------------------------------------------------------------------------------
// a group

void Committer::look_at_disk() {
  std::uint64_t free = log_.disk_free();
  bool is_short = free < options_.limits.disk_free_min;
  if (is_short != short_of_disk_ && options_.events) {
    options_.events->emit({is_short ? events::kDiskShort : events::kDiskEnough,
                           {{"free", free}},
                           is_short ? Severity::error : Severity::info});
  }
  short_of_disk_ = is_short;
  if (full_ && !broken_ && free >= options_.limits.disk_free_min / 8 && log_.resume()) {
    full_ = false;
    if (options_.events) options_.events->emit({events::kDiskResumed, {}});
  }
}

bool Committer::begin() {
  CHECK(!open_);
  take_handed_in();
  if (queue_.empty()) return false;
  open_ = true;
  look_at_disk();
  while (!queue_.empty() && group_.size() < options_.limits.group_batches_max) {
    Waiting* next = queue_.front();
    // A sweep looks at the log alone, so it goes alone.
    bool alone = next->kind == Waiting::Kind::sweep;
    if (!group_.empty() &&
        (alone || group_octets_ + next->octets > options_.limits.group_octets_max))
      break;
    queue_.pop_front();
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    group_.push_back(next);
    group_octets_ += next->octets;
    judge(*next);
    if (alone) break;
  }
  if (accepted_ > 0) note_system_keys();
  return true;
}

void Committer::judge(Waiting& waiting) {
  if (broken_) {
    waiting.result = Failure(*broken_);
    return;
  }
  if (full_ || (short_of_disk_ && !waiting.batch.bodies.empty())) {
    waiting.result = fail(Error::Kind::full, "no space left for the store");
    return;
  }
  if (waiting.kind == Waiting::Kind::sweep) {
    if (auto judged = judge_sweep(waiting); !judged) waiting.result = Failure(judged.error());
    return;
  }
  Version version = version_ + 1;
  std::size_t ops = waiting.batch.ops.size();
  std::size_t publications = waiting.batch.publications.size();
  staged_heads_.clear();
  auto refused = accept(waiting, version);
  if (refused && !*refused) {
    version_ = version;
    waiting.result = Committed{version, std::nullopt, {}};
    add_to_write(waiting, version);
    return;
  }
  // What its turns added goes with it.
  auto drop = [](auto& list, std::size_t from) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(from), list.end());
  };
  drop(waiting.batch.ops, ops);
  drop(waiting.batch.publications, publications);
  if (!refused) {
    waiting.result = Failure(refused.error());
  } else {
    waiting.result = Committed{0, *refused, std::move(waiting.batch.bodies)};
  }
}

Result<std::optional<Refusal>> Committer::accept(Waiting& waiting, Version version) {
  Batch& batch = waiting.batch;
  for (const Batch::Unchanged& u : batch.unchanged) {
    if (heads_.last_touched(u.partition) > u.since) return Refusal{Refusal::Why::required, 0};
  }
  if (!batch.requires_.empty()) {
    TRY(bool hold, requires_hold(batch));
    if (!hold) return Refusal{Refusal::Why::required, 0};
  }
  return run_turns(batch, version);
}

Result<bool> Committer::requires_hold(const Batch& batch) {
  for (const Batch::Require& require : batch.requires_) {
    TRY(auto value, view_.get(require.key, log_));
    if (require.digest ? !value || digest_of(*value) != *require.digest : value.has_value())
      return false;
  }
  return true;
}

struct Committer::TurnOf final : Turn {
  Batch& batch;
  Version version_is;
  std::shared_ptr<const Head> head_is;
  bool head_set = false;

  TurnOf(Batch& b, Version v, std::shared_ptr<const Head> h)
      : batch(b), version_is(v), head_is(std::move(h)) {}

  const std::shared_ptr<const Head>& head() const override { return head_is; }
  void set_head(std::shared_ptr<const Head> head) override {
    head_is = std::move(head);
    head_set = true;
  }
  Version version() const override { return version_is; }
  void put(std::string key, std::string value) override {
    batch.put(std::move(key), std::move(value));
  }
  void erase(std::string key) override { batch.erase(std::move(key)); }
  void append(std::string key, std::string octets) override {
    batch.append(std::move(key), std::move(octets));
  }
  void publish(std::string topic, std::shared_ptr<const void> what) override {
    batch.publish(std::move(topic), std::move(what));
  }
};

std::optional<Refusal> Committer::run_turns(Batch& batch, Version version) {
  for (Batch::TurnOf& t : batch.turns) {
    auto staged = std::find_if(staged_heads_.begin(), staged_heads_.end(),
                               [&](const auto& s) { return s.first == t.partition; });
    bool is_staged = staged != staged_heads_.end();
    TurnOf turn(batch, version, is_staged ? staged->second : heads_.find(t.partition));
    int code = t.fn(turn);
    if (code == kNoHead) return Refusal{Refusal::Why::no_head, 0};
    CHECK(code >= kAccept);
    if (code != kAccept) return Refusal{Refusal::Why::turn, code};
    if (!turn.head_set) continue;
    if (is_staged) {
      staged->second = std::move(turn.head_is);
    } else {
      staged_heads_.emplace_back(t.partition, std::move(turn.head_is));
    }
  }
  return std::nullopt;
}

void Committer::add_to_write(Waiting& waiting, Version version) {
  Batch& batch = waiting.batch;
  for (auto& [partition, head] : staged_heads_) heads_.set(partition, std::move(head));
  for (const Batch::TurnOf& t : batch.turns) heads_.touched(t.partition, version);
  for (Partition partition : batch.touched) heads_.touched(partition, version);
  note_loose_bodies(batch);
  for (const auto& writer : batch.bodies) {
    auto& body = static_cast<StoredBody&>(*writer);
    BodyId id = body.ref().id;
    if (id.value >= body_mark_)
      body_mark_next_ = std::max(body_mark_next_, id.value + kBodyIdsReserved);
    if (body.packed()) write_.bodies.push_back({id, body.packed()});
  }
  if (!batch.ops.empty()) {
    write_.ops.push_back(&batch.ops);
    view_.add(batch.ops);
  }
  ++accepted_;
  if (waiting.kind != Waiting::Kind::relaxed) sync_ = true;
}

// A body that lost a link, or never had one, is looked at by the next sweep.
void Committer::note_loose_bodies(Batch& batch) {
  auto mark = [&](BodyId body) { batch.put(loose_key(body), {}); };
  std::size_t count = batch.ops.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Batch::Op& op = batch.ops[i];
    if (op.kind != Batch::Op::Kind::erase || !op.key.starts_with("B/")) continue;
    if (auto body = body_of_link(op.key)) mark(*body);
  }
  for (const auto& writer : batch.bodies) {
    BodyId id = writer->ref().id;
    bool linked = std::any_of(batch.ops.begin(), batch.ops.end(), [&](const Batch::Op& op) {
      return op.kind == Batch::Op::Kind::put && op.key.starts_with("B/") &&
             body_of_link(op.key) == id;
    });
    if (!linked) mark(id);
  }
}

Result<> Committer::judge_sweep(Waiting& waiting) {
  std::vector<BodyId> gone;
  for (BodyId body : waiting.sweep) {
    if (leases_.held(body)) continue;
    TRY(bool linked, log_.any(body_link_prefix(body)));
    system_ops_.push_back({Batch::Op::Kind::erase, loose_key(body), {}});
    if (linked) continue;
    write_.erased.push_back(body);
    gone.push_back(body);
  }
  waiting.sweep = std::move(gone);
  waiting.result = Committed{version_, std::nullopt, {}};
  if (system_ops_.empty()) return {};
  ++accepted_;
  // The links that were cut must be gone for good before a file is removed.
  sync_ = true;
  return {};
}

void Committer::note_system_keys() {
  std::string version;
  put_be64(version, version_);
  system_ops_.push_back({Batch::Op::Kind::put, std::string(kVersionKey), std::move(version)});
  if (body_mark_next_ > body_mark_) {
    std::string mark;
    put_be64(mark, body_mark_next_);
    system_ops_.push_back({Batch::Op::Kind::put, std::string(kBodiesKey), std::move(mark)});
  }
  write_.ops.push_back(&system_ops_);
}

// ------------------------------------------------------------------------------------------------
// the end of a group

void Committer::end(Result<> applied) {
  CHECK(open_);
  if (!applied) {
    fail_group(applied.error());
  } else if (accepted_ > 0) {
    body_mark_ = std::max(body_mark_, body_mark_next_);
    heads_.applied(version_);
    publish();
  }
  resume_group();
  write_.ops.clear();
  write_.bodies.clear();
  write_.erased.clear();
  system_ops_.clear();
  view_.clear();
  group_octets_ = 0;
  accepted_ = 0;
  body_mark_next_ = 0;
  sync_ = false;
  open_ = false;
}

bool Committer::step() {
  if (!begin()) return false;
  end(needs_write() ? log_.apply(write_, sync_) : Result<>());
  return true;
}

void Committer::fail_group(const Error& error) {
  heads_.drop_all();
  if (options_.events) {
    bool is_full = error.is(Error::Kind::full);
    options_.events->emit({is_full ? events::kDiskFull : events::kWriteFailed,
                           {{"why", error.what}},
                           Severity::error});
  }
  if (error.is(Error::Kind::full)) {
    full_ = true;
  } else {
    broken_ = error;
    if (options_.fatal) {
      options_.fatal(error);
    } else {
      CHECK(!"the store could not write, and what is on the disk is not known");
    }
  }
  for (Waiting* waiting : group_) {
    // What may be on the disk after all may name its bodies: they stay, and a sweep decides.
    if (broken_)
      for (auto& writer : waiting->batch.bodies) static_cast<StoredBody&>(*writer).keep();
    waiting->result = Failure(error);
  }
}

void Committer::publish() {
  for (Waiting* waiting : group_) {
    if (!waiting->result || waiting->result->refused) continue;
    for (auto& writer : waiting->batch.bodies) static_cast<StoredBody&>(*writer).keep();
    for (const Batch::Publication& p : waiting->batch.publications)
      for (const Subscriber& subscriber : subscribers_)
        subscriber(p.topic, p.what, waiting->result->version);
  }
}

void Committer::resume_group() {
  std::vector<Resumption> tasks;
  tasks.reserve(group_.size());
  for (Waiting* waiting : group_) {
    if (waiting->kind == Waiting::Kind::relaxed) {
      delete waiting;
    } else {
      tasks.push_back({waiting->executor, waiting->handle});
    }
  }
  group_.clear();
  resume_all(std::move(tasks), options_.coalesce);
}

void Committer::abandon(const Error& error) {
  closed_ = true;
  take_handed_in();
  for (Waiting* waiting : queue_) group_.push_back(waiting);
  waiting_.fetch_sub(queue_.size());
  queue_.clear();
  broken_ = error;
  for (Waiting* waiting : group_) {
    for (auto& writer : waiting->batch.bodies) static_cast<StoredBody&>(*writer).keep();
    waiting->result = Failure(error);
  }
  open_ = true;
  end({});
}

}  // namespace posta::store
