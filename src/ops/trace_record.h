// trace_record.h: what is kept of an event, and how it is written down (docs/formats/trace.md).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/events.h"
#include "base/limits.h"
#include "base/result.h"
#include "mail/time.h"
#include "store/store.h"

namespace posta::ops {

struct TraceRecord {
  struct Field {
    std::string name;
    std::variant<std::int64_t, std::string> value;
    friend bool operator==(const Field&, const Field&) = default;
  };
  WallTime at;
  Severity severity = Severity::info;
  std::string event;
  std::vector<Field> fields;

  std::string text(std::string_view name) const;  // of a field, as text; empty if it is not there
  friend bool operator==(const TraceRecord&, const TraceRecord&) = default;
};

// Octets of a text that are kept.
inline constexpr std::size_t kTraceTextMax = 1000;

TraceRecord trace_record(const Event& event, WallTime at);
// About how much it takes, written down.
Octets weight_of(const TraceRecord& record);

// "<Ann@Example.org>" and "ann@example.org" are the same word.
std::string trace_word(std::string_view text);
// What a record can be found by.
std::vector<std::string> words_of(const TraceRecord& record);
std::uint32_t trace_hash(std::string_view word);

std::string encode_block(std::span<const TraceRecord> records);
Result<std::vector<TraceRecord>> decode_block(std::string_view block);

struct TraceIndex {
  Octets octets = 0;  // of the block
  std::uint64_t records = 0;
  std::vector<std::uint32_t> hashes;  // ascending
  bool has(std::uint32_t hash) const;
};
TraceIndex index_of(std::span<const TraceRecord> records, Octets block_octets);
std::string encode_index(const TraceIndex& index);
Result<TraceIndex> decode_index(std::string_view record);

// A block's place; `T/b/` and `T/i/` and this are its keys.
struct TracePlace {
  WallTime time;
  std::uint32_t sequence = 0;
};
std::string block_key(TracePlace place);
std::string index_key(TracePlace place);
std::optional<TracePlace> parse_index_key(std::string_view key);
store::Range all_indexes();

}  // namespace posta::ops
