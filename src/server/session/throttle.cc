#include "server/session/throttle.h"

#include "base/bytes.h"
#include "base/check.h"
#include "wire/sasl/hash.h"

namespace posta::server {

namespace {
constexpr std::size_t kDigestOctets = 16;
}  // namespace

Throttle::Throttle(char kind, Limits limits, store::Store* store)
    : kind_(kind), store_(store), limits_(limits) {}

Throttle::~Throttle() {
  for (const auto& [key, count] : counts_) CHECK(count.attempts == 0);
}

// --- the store's slots

std::string Throttle::encode(const Note& note) {
  Writer out(1);
  out.text(note.digest).number(note.failures);
  out.signed_number(note.since.time_since_epoch().count());
  return out.take();
}

std::optional<Throttle::Note> Throttle::decode(std::string_view record) {
  Reader in(record);
  if (in.octet() != 1) return std::nullopt;
  Note note;
  note.digest = in.text();
  note.failures = in.number();
  note.since = WallTime(std::chrono::milliseconds(in.signed_number()));
  if (!in.done() || note.digest.size() != kDigestOctets) return std::nullopt;
  return note;
}

std::string Throttle::digest_of(std::string_view key) {
  return wire::sasl::digest(wire::sasl::Hash::sha_256, key).substr(0, kDigestOctets);
}

std::string Throttle::slot_key(std::string_view digest) const {
  std::string key = "C/login/";
  key += kind_;
  put_be16(key, static_cast<std::uint16_t>(get_be16(digest) % kSlots));
  return key;
}

void Throttle::set_limits(Limits limits) {
  std::lock_guard lock(mutex_);
  limits_ = limits;
}

// --- counts

bool Throttle::expired(WallTime since, WallTime now) const {
  // A clock that was set back must not lock anybody out for longer.
  return since > now || now - since >= limits_.window;
}

Throttle::Count& Throttle::find_or_make(const std::string& key) {
  auto found = counts_.find(key);
  if (found != counts_.end()) {
    order_.splice(order_.begin(), order_, found->second.place);
    return found->second;
  }
  // Names with an attempt going on stay; there are no more of them than sessions.
  auto oldest = order_.end();
  while (counts_.size() >= limits_.entries_max && oldest != order_.begin()) {
    --oldest;
    auto candidate = counts_.find(*oldest);
    if (candidate->second.attempts > 0) continue;
    counts_.erase(candidate);
    oldest = order_.erase(oldest);
  }
  order_.push_front(key);
  Count& made = counts_[key];
  made.place = order_.begin();
  return made;
}

runtime::Task<Result<std::optional<Throttle::Note>>> Throttle::noted(std::string key) {
  if (!store_) co_return std::nullopt;
  std::string digest = digest_of(key);
  CO_TRY(auto record, co_await store_->snapshot()->get(slot_key(digest)));
  if (!record) co_return std::nullopt;
  auto note = decode(*record);
  if (note && note->digest != digest) note.reset();
  co_return note;
}

runtime::Task<Result<std::optional<Throttle::Attempt>>> Throttle::begin(std::string key,
                                                                        WallTime now) {
  std::optional<Note> note;
  bool known;
  {
    std::lock_guard lock(mutex_);
    known = counts_.contains(key);
  }
  if (!known) {
    CO_TRY(note, co_await noted(key));
  }
  std::lock_guard lock(mutex_);
  const bool fresh = !counts_.contains(key);
  Count& count = find_or_make(key);
  if (fresh && note) {
    count.failures = note->failures;
    count.since = note->since;
  }
  if (expired(count.since, now)) {
    count.failures = 0;
    count.from.clear();
  }
  if (count.failures + count.counted / limits_.attempts_a_failure >= limits_.failures_max)
    co_return std::nullopt;
  ++count.attempts;
  ++count.counted;
  co_return std::optional<Attempt>(std::in_place, *this, std::move(key), false);
}

runtime::Task<Result<std::optional<WallTime>>> Throttle::refused_until(std::string key,
                                                                       WallTime now) {
  CO_TRY(auto note, co_await noted(key));
  std::lock_guard lock(mutex_);
  std::uint64_t failures = note ? note->failures : 0;
  WallTime since = note ? note->since : WallTime();
  if (auto found = counts_.find(key); found != counts_.end()) {
    failures = found->second.failures;
    since = found->second.since;
  }
  if (failures < limits_.failures_max || expired(since, now)) co_return std::nullopt;
  co_return since + limits_.window;
}

runtime::Task<Result<>> Throttle::forgive(std::string key) {
  // The store first: who begins meanwhile must not find the old note there.
  CO_TRY(auto note, co_await noted(key));
  if (note) {
    store::Batch batch;
    batch.erase(slot_key(note->digest));
    CO_TRY_VOID(co_await store_->commit(std::move(batch)));
  }
  std::lock_guard lock(mutex_);
  auto found = counts_.find(key);
  if (found == counts_.end()) co_return {};
  found->second.failures = 0;
  found->second.from.clear();
  if (found->second.attempts > 0) co_return {};
  order_.erase(found->second.place);
  counts_.erase(found);
  co_return {};
}

Throttle::Attempt Throttle::begin_exempt(std::string key) {
  std::lock_guard lock(mutex_);
  ++find_or_make(key).attempts;
  return Attempt(*this, std::move(key), true);
}

Throttle::Attempt::~Attempt() {
  if (throttle_) throttle_->leave(key_, exempt_);
}

void Throttle::leave(const std::string& key, bool exempt) {
  std::lock_guard lock(mutex_);
  auto found = counts_.find(key);
  CHECK(found != counts_.end() && found->second.attempts > 0);
  if (!exempt) --found->second.counted;
  if (--found->second.attempts > 0 || found->second.failures > 0) return;
  order_.erase(found->second.place);
  counts_.erase(found);
}

void Throttle::note_failure(const std::string& key, WallTime now, std::string_view from) {
  Note note;
  {
    std::lock_guard lock(mutex_);
    Count& count = find_or_make(key);
    if (count.failures == 0 || expired(count.since, now)) {
      count.failures = 0;
      count.from.clear();
      count.since = now;
    }
    ++count.failures;
    auto place = count.from.find(from);
    if (place != count.from.end()) {
      ++place->second;
    } else if (count.from.size() < limits_.failures_max) {
      count.from.emplace(from, 1);
    }
    note.failures = count.failures;
    note.since = count.since;
  }
  if (!store_ || note.failures < kNoteFrom) return;
  note.digest = digest_of(key);
  store::Batch batch;
  batch.put(slot_key(note.digest), encode(note));
  store_->commit_relaxed(std::move(batch));
}

void Throttle::forget(const std::string& key, std::string_view from) {
  bool noted;
  Note left;
  {
    std::lock_guard lock(mutex_);
    auto found = counts_.find(key);
    CHECK(found != counts_.end());
    Count& count = found->second;
    auto place = count.from.find(from);
    if (place == count.from.end()) return;
    noted = count.failures >= kNoteFrom;
    count.failures -= place->second;
    count.from.erase(place);
    left = {{}, count.failures, count.since};
  }
  if (!noted || !store_) return;
  left.digest = digest_of(key);
  store::Batch batch;
  if (left.failures < kNoteFrom) {
    batch.erase(slot_key(left.digest));
  } else {
    batch.put(slot_key(left.digest), encode(left));
  }
  store_->commit_relaxed(std::move(batch));
}

std::size_t Throttle::entries() const {
  std::lock_guard lock(mutex_);
  return counts_.size();
}

}  // namespace posta::server
