#include "ops/trace.h"

#include <algorithm>

#include "base/text.h"
#include "runtime/sleep.h"

namespace posta::ops {

namespace {

// Erased in one batch.
constexpr std::size_t kSweptTogether = 256;

bool names_a_letter(const Event& event) {
  return std::ranges::any_of(event.fields, [](const Field& field) {
    return field.name == "queue_id" || field.name == "about";
  });
}

// Not a letter yet, and never one: somebody was turned away.
bool is_refusal(const Event& event) {
  return event.name.ends_with("connection.refused") || event.name == "intake.sender.refused" ||
         event.name == "intake.recipient.refused";
}

}  // namespace

bool Trace::takes(const Event& event, WallTime now) {
  if (event.severity == Severity::debug) return false;
  if (is_refusal(event)) {
    if (now - refusals_since_ >= std::chrono::seconds(1) || now < refusals_since_) {
      refusals_since_ = now;
      refusals_ = 0;
    }
    if (++refusals_ <= limits_.refusals_per_second_max) return true;
    ++omitted_;
    return false;
  }
  return names_a_letter(event);
}

void Trace::emit(const Event& event) {
  if (limits_.retention.count() == 0) return;
  WallTime now = clock_.wall();
  std::lock_guard lock(mutex_);
  if (!takes(event, now)) return;
  TraceRecord record = trace_record(event, now);
  Octets weight = weight_of(record);
  if (buffered_ + weight > limits_.buffer_octets_max) {
    ++dropped_;
    return;
  }
  buffered_ += weight;
  records_.push_back(std::move(record));
  if (records_.size() >= limits_.block_records_max) write_block();
}

void Trace::flush() {
  std::lock_guard lock(mutex_);
  WallTime now = clock_.wall();
  if (omitted_ > 0)
    records_.push_back(trace_record({"trace.refusals.omitted", {{"count", omitted_}}}, now));
  if (dropped_ > 0)
    records_.push_back(
        trace_record({"trace.records.dropped", {{"count", dropped_}}, Severity::warning}, now));
  omitted_ = dropped_ = 0;
  write_block();
}

void Trace::write_block() {
  if (records_.empty()) return;
  TracePlace place{records_.front().at, ++sequence_};
  std::string block = encode_block(records_);
  TraceIndex index = index_of(records_, block.size());
  records_.clear();
  buffered_ = 0;
  store::Batch batch;
  batch.put(index_key(place), encode_index(index));
  batch.put(block_key(place), std::move(block));
  store_.commit_relaxed(std::move(batch));
}

Task<> Trace::run(runtime::Stop& stop) {
  runtime::Executor& executor = co_await runtime::this_executor();
  Instant sweep_at = executor.now();
  do {
    flush();
    if (executor.now() < sweep_at) continue;
    auto swept = co_await sweep();  // what could not be swept now is swept the next time
    sweep_at = executor.now() + limits_.sweep_every;
  } while (co_await runtime::sleep_for(limits_.flush_every, &stop));
  flush();
}

Task<Result<std::uint64_t>> Trace::sweep() {
  WallTime before = clock_.wall() - limits_.retention;
  Octets kept = 0;
  std::uint64_t erased = 0;
  store::Range range = all_indexes();
  store::Batch batch;
  // From the youngest to the oldest: as soon as too much is kept, everything older goes.
  for (;;) {
    CO_TRY(auto pairs, co_await store_.snapshot()->scan(range, kSweptTogether, /*reverse=*/true));
    for (const auto& pair : pairs) {
      auto place = parse_index_key(pair.key);
      auto index = decode_index(pair.value);
      Octets octets = index ? index->octets + pair.value.size() : Octets{0};
      bool goes = !place || !index || place->time < before || limits_.retention.count() == 0 ||
                  kept + octets > limits_.octets_max;
      if (!goes) {
        kept += octets;
        continue;
      }
      kept = std::max(kept, limits_.octets_max);
      batch.erase(pair.key);
      if (place) batch.erase(block_key(*place));
      ++erased;
    }
    if (!batch.empty()) store_.commit_relaxed(std::exchange(batch, {}));
    if (pairs.size() < kSweptTogether) co_return erased;
    range.end = pairs.back().key;
  }
}

}  // namespace posta::ops
