#include "ops/trace_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/text.h"

namespace posta::ops {

namespace {

constexpr std::string_view kBlocks = "T/b/";
constexpr std::string_view kIndexes = "T/i/";
constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kWordFields[] = {"queue_id", "about",      "from", "to",
                                            "original", "message_id", "peer"};

std::string key_of(std::string_view prefix, TracePlace place) {
  std::string out(prefix);
  put_be64(out, static_cast<std::uint64_t>(place.time.time_since_epoch().count()));
  put_be32(out, place.sequence);
  return out;
}

void write_record(Writer& out, const TraceRecord& record) {
  out.signed_number(record.at.time_since_epoch().count())
      .octet(static_cast<std::uint8_t>(record.severity))
      .text(record.event)
      .number(record.fields.size());
  for (const auto& field : record.fields) {
    out.text(field.name);
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      out.octet(1).signed_number(*number);
    } else {
      out.octet(0).text(std::get<std::string>(field.value));
    }
  }
}

TraceRecord read_record(Reader& in) {
  TraceRecord record;
  record.at = WallTime(std::chrono::milliseconds(in.signed_number()));
  std::uint8_t severity = in.octet();
  if (severity > static_cast<std::uint8_t>(Severity::error)) in.fail();
  record.severity = static_cast<Severity>(severity);
  record.event = in.text();
  std::uint64_t count = in.number();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    TraceRecord::Field field;
    field.name = in.text();
    std::uint8_t kind = in.octet();
    if (kind > 1) in.fail();
    if (kind == 1) {
      field.value = in.signed_number();
    } else {
      field.value = std::string(in.text());
    }
    record.fields.push_back(std::move(field));
  }
  return record;
}

}  // namespace

std::string TraceRecord::text(std::string_view name) const {
  for (const auto& field : fields) {
    if (field.name != name) continue;
    if (const auto* number = std::get_if<std::int64_t>(&field.value))
      return std::to_string(*number);
    return std::get<std::string>(field.value);
  }
  return {};
}

TraceRecord trace_record(const Event& event, WallTime at) {
  TraceRecord record{at, event.severity, std::string(event.name), {}};
  record.fields.reserve(event.fields.size());
  for (const auto& field : event.fields) {
    TraceRecord::Field kept{std::string(field.name), field.value};
    if (auto* text = std::get_if<std::string>(&kept.value); text && text->size() > kTraceTextMax)
      text->resize(kTraceTextMax);
    record.fields.push_back(std::move(kept));
  }
  return record;
}

Octets weight_of(const TraceRecord& record) {
  Octets octets = 16 + record.event.size();
  for (const auto& field : record.fields) {
    octets += field.name.size() + 12;
    if (const auto* text = std::get_if<std::string>(&field.value)) octets += text->size();
  }
  return octets;
}

std::string trace_word(std::string_view text) {
  text = trim(text);
  if (text.starts_with('<')) text.remove_prefix(1);
  if (text.ends_with('>')) text.remove_suffix(1);
  return to_lower(text);
}

std::vector<std::string> words_of(const TraceRecord& record) {
  std::vector<std::string> out;
  for (const auto& field : record.fields) {
    if (std::ranges::find(kWordFields, field.name) == std::end(kWordFields)) continue;
    const auto* text = std::get_if<std::string>(&field.value);
    if (!text) continue;
    std::string word = trace_word(*text);
    if (!word.empty()) out.push_back(std::move(word));
  }
  return out;
}

std::uint32_t trace_hash(std::string_view word) {
  return static_cast<std::uint32_t>(hash64(word) >> 32);
}

std::string encode_block(std::span<const TraceRecord> records) {
  Writer out(kVersion);
  out.number(records.size());
  for (const auto& record : records) write_record(out, record);
  return out.take();
}

Result<std::vector<TraceRecord>> decode_block(std::string_view block) {
  Reader in(block);
  if (in.octet() != kVersion)
    return fail(Error::Kind::corrupt, "a block of traces of an unknown version");
  std::vector<TraceRecord> out;
  std::uint64_t count = in.number();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) out.push_back(read_record(in));
  if (!in.done()) return fail(Error::Kind::corrupt, "a block of traces is not what was written");
  return out;
}

bool TraceIndex::has(std::uint32_t hash) const {
  return std::ranges::binary_search(hashes, hash);
}

TraceIndex index_of(std::span<const TraceRecord> records, Octets block_octets) {
  TraceIndex index{block_octets, records.size(), {}};
  for (const auto& record : records)
    for (const auto& word : words_of(record)) index.hashes.push_back(trace_hash(word));
  std::ranges::sort(index.hashes);
  auto rest = std::ranges::unique(index.hashes);
  index.hashes.erase(rest.begin(), rest.end());
  return index;
}

std::string encode_index(const TraceIndex& index) {
  Writer out(kVersion);
  out.number(index.octets).number(index.records).number(index.hashes.size());
  std::string hashes;
  for (std::uint32_t hash : index.hashes) put_be32(hashes, hash);
  out.raw(hashes);
  return out.take();
}

Result<TraceIndex> decode_index(std::string_view record) {
  Reader in(record);
  if (in.octet() != kVersion)
    return fail(Error::Kind::corrupt, "an index of traces of an unknown version");
  TraceIndex index;
  index.octets = in.number();
  index.records = in.number();
  std::uint64_t count = in.number();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    std::string_view hash = in.raw(4);
    if (in.ok()) index.hashes.push_back(get_be32(hash));
  }
  if (!in.done() || !std::ranges::is_sorted(index.hashes))
    return fail(Error::Kind::corrupt, "an index of traces is not what was written");
  return index;
}

std::string block_key(TracePlace place) {
  return key_of(kBlocks, place);
}

std::string index_key(TracePlace place) {
  return key_of(kIndexes, place);
}

std::optional<TracePlace> parse_index_key(std::string_view key) {
  if (!key.starts_with(kIndexes) || key.size() != kIndexes.size() + 12) return std::nullopt;
  key.remove_prefix(kIndexes.size());
  TracePlace place;
  place.time = WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(get_be64(key))));
  place.sequence = get_be32(key.substr(8));
  return place;
}

store::Range all_indexes() {
  return store::Range::prefix(kIndexes);
}

}  // namespace posta::ops
