#include "store/memory/disk.h"

#include "base/bytes.h"
#include "base/check.h"
#include "store/keys.h"

namespace posta::store::memory {

namespace {
std::string id_key(BodyId body) {
  std::string key;
  put_be64(key, body.value);
  return key;
}
}  // namespace

Disk::Disk(std::uint64_t seed) : random_(seed) {}

std::uint64_t Disk::random() {  // SplitMix64
  std::uint64_t z = (random_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

// ------------------------------------------------------------------------------------------------
// faults

Result<> Disk::operation() const {
  if (++operations_ != fail_at_) return {};
  fault_met_ = true;
  return fail(Error::Kind::unavailable, "input/output error (injected)");
}

void Disk::fail_operation(std::uint64_t n) {
  std::lock_guard lock(mutex_);
  fail_at_ = n == 0 ? 0 : operations_ + n;
  fault_met_ = false;
}

bool Disk::fault_was_met() const {
  std::lock_guard lock(mutex_);
  return fault_met_;
}

void Disk::fail_syncs(bool fail) {
  std::lock_guard lock(mutex_);
  syncs_fail_ = fail;
}

void Disk::lie_about_syncs(bool lie) {
  std::lock_guard lock(mutex_);
  syncs_lie_ = lie;
}

void Disk::set_free(std::uint64_t octets) {
  std::lock_guard lock(mutex_);
  free_ = octets;
}

std::uint64_t Disk::free() const {
  std::lock_guard lock(mutex_);
  return free_;
}

std::uint64_t Disk::operations() const {
  std::lock_guard lock(mutex_);
  return operations_;
}

Disk::Reads Disk::reads() const {
  std::lock_guard lock(mutex_);
  return reads_;
}

std::uint64_t Disk::crashes() const {
  std::lock_guard lock(mutex_);
  return crashes_;
}

std::uint64_t Disk::lost_writes() const {
  std::lock_guard lock(mutex_);
  return lost_;
}

void Disk::crash() {
  std::lock_guard lock(mutex_);
  Seq kept = synced_ + random() % (staged_ - synced_ + 1);
  lost_ = staged_ - kept;
  for (auto& [keys, key] : unsynced_) {
    auto place = keys->find(key);
    if (place == keys->end()) continue;
    auto& states = place->second;
    while (!states.empty() && states.back().since > kept) states.pop_back();
    if (states.empty() || (states.size() == 1 && !states.front().value)) keys->erase(place);
  }
  for (auto place = files_.begin(); place != files_.end();) {
    FileState& file = place->second;
    if (!file.name_synced && random() % 2 == 0) {
      place = files_.erase(place);
      continue;
    }
    file.octets.resize(file.synced + random() % (file.octets.size() - file.synced + 1));
    file.synced = file.octets.size();
    file.name_synced = true;
    ++place;
  }
  unsynced_.clear();
  pinned_.clear();
  staged_ = visible_ = synced_ = kept;
  ++crashes_;
}

// ------------------------------------------------------------------------------------------------
// keys

const std::optional<std::string>* Disk::find(const std::vector<State>& states, Seq at) const {
  for (auto state = states.rbegin(); state != states.rend(); ++state)
    if (state->since <= at) return &state->value;
  return nullptr;
}

// Forgets what no snapshot, and no crash, can show again.
void Disk::trim(std::vector<State>& states) {
  Seq oldest = std::min(synced_, visible_);
  if (!pinned_.empty()) oldest = std::min(oldest, *pinned_.begin());
  std::size_t first = 0;
  while (first + 1 < states.size() && states[first + 1].since <= oldest) ++first;
  states.erase(states.begin(), states.begin() + static_cast<std::ptrdiff_t>(first));
}

void Disk::set(Keys& keys, Keys::iterator place, std::optional<std::string> value) {
  auto& states = place->second;
  if (states.empty() || states.back().since != staged_) {
    unsynced_.emplace_back(&keys, place->first);
    trim(states);
    states.push_back({staged_, std::move(value)});
  } else {
    states.back().value = std::move(value);
  }
}

void Disk::apply(const Batch::Op& op) {
  if (op.kind == Batch::Op::Kind::erase_range) {
    auto end = op.value.empty() ? keys_.end() : keys_.lower_bound(op.value);
    if (!op.value.empty() && op.value <= op.key) return;
    for (auto place = keys_.lower_bound(op.key); place != end; ++place)
      if (place->second.back().value) set(keys_, place, std::nullopt);
    return;
  }
  auto place = keys_.find(op.key);
  if (place == keys_.end()) {
    if (op.kind == Batch::Op::Kind::erase) return;
    place = keys_.try_emplace(op.key).first;
  }
  std::optional<std::string> value;
  bool looks_back = op.kind == Batch::Op::Kind::add || op.kind == Batch::Op::Kind::append;
  if (looks_back && !place->second.empty()) value = place->second.back().value;
  fold(value, op);
  set(keys_, place, std::move(value));
}

Result<> Disk::stage(const Log::Write& write) {
  std::lock_guard lock(mutex_);
  CHECK(staged_ == visible_);
  TRY_VOID(operation());
  if (free_ == 0) return fail(Error::Kind::full, "no space left on the disk");
  ++staged_;
  for (const auto* ops : write.ops)
    for (const Batch::Op& op : *ops) apply(op);
  for (const Log::Body& body : write.bodies)
    set(bodies_, bodies_.try_emplace(id_key(body.id)).first, *body.packed);
  for (BodyId body : write.erased)
    if (auto place = bodies_.find(id_key(body)); place != bodies_.end())
      set(bodies_, place, std::nullopt);
  return {};
}

Result<> Disk::finish(bool sync) {
  std::lock_guard lock(mutex_);
  if (sync) {
    if (syncs_fail_) return fail(Error::Kind::unavailable, "input/output error (sync)");
    TRY_VOID(operation());
  }
  visible_ = staged_;
  if (!sync || syncs_lie_) return {};
  synced_ = staged_;
  for (auto& [keys, key] : unsynced_) {
    auto place = keys->find(key);
    if (place == keys->end()) continue;
    trim(place->second);
    if (place->second.size() == 1 && !place->second.front().value) keys->erase(place);
  }
  unsynced_.clear();
  return {};
}

Result<std::optional<std::string>> Disk::get(std::string_view key, Seq at) const {
  std::lock_guard lock(mutex_);
  TRY_VOID(operation());
  auto place = keys_.find(key);
  if (place == keys_.end()) return std::nullopt;
  const auto* value = find(place->second, at);
  return value ? *value : std::nullopt;
}

Result<std::vector<KeyValue>> Disk::scan(const Range& range, std::size_t limit, bool reverse,
                                         Seq at) const {
  std::lock_guard lock(mutex_);
  TRY_VOID(operation());
  ++reads_.scans;
  std::vector<KeyValue> out;
  if (!range.end.empty() && range.end <= range.begin) return out;
  auto begin = keys_.lower_bound(range.begin);
  auto end = range.end.empty() ? keys_.end() : keys_.lower_bound(range.end);
  auto take = [&](const Keys::value_type& entry) {
    const auto* value = find(entry.second, at);
    if (value && *value) out.push_back({entry.first, **value});
  };
  if (reverse) {
    while (end != begin && out.size() < limit) take(*--end);
  } else {
    for (; begin != end && out.size() < limit; ++begin) take(*begin);
  }
  return out;
}

Result<std::optional<std::string>> Disk::small_body(BodyId body) const {
  std::lock_guard lock(mutex_);
  TRY_VOID(operation());
  ++reads_.bodies;
  auto place = bodies_.find(id_key(body));
  if (place == bodies_.end()) return std::nullopt;
  const auto* value = find(place->second, visible_);
  return value ? *value : std::nullopt;
}

Disk::Seq Disk::pin() {
  std::lock_guard lock(mutex_);
  pinned_.insert(visible_);
  return visible_;
}

void Disk::unpin(Seq seq, std::uint64_t crashes) {
  std::lock_guard lock(mutex_);
  if (crashes != crashes_) return;
  auto place = pinned_.find(seq);
  CHECK(place != pinned_.end());
  pinned_.erase(place);
}

Disk::Seq Disk::visible() const {
  std::lock_guard lock(mutex_);
  return visible_;
}

std::size_t Disk::keys() const {
  std::lock_guard lock(mutex_);
  return keys_.size();
}

Result<> Disk::copy_to(Disk& other) const {
  std::scoped_lock lock(mutex_, other.mutex_);
  CHECK(other.keys_.empty() && other.files_.empty());
  auto copy = [&](const Keys& from, Keys& to) {
    for (const auto& [key, states] : from)
      if (const auto* value = find(states, synced_); value && *value)
        to[key].push_back({synced_, *value});
  };
  copy(keys_, other.keys_);
  copy(bodies_, other.bodies_);
  for (const auto& [body, file] : files_)
    if (file.name_synced) other.files_[body] = file;
  other.staged_ = other.visible_ = other.synced_ = synced_;
  return {};
}

}  // namespace posta::store::memory
