// trace_find.cc: records are found by the words that stand in them, and put together to lives.

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "ops/trace.h"

namespace posta::ops {

namespace {

constexpr std::size_t kIndexesRead = 256;  // at a time
constexpr std::size_t kLettersMax = 200;   // lives told at once: the youngest

bool has_a_word(const TraceRecord& record, const std::set<std::string>& words) {
  return std::ranges::any_of(words_of(record),
                             [&](const std::string& word) { return words.contains(word); });
}

// The letters that a record is about.
std::vector<std::string> letters_of(const TraceRecord& record) {
  std::vector<std::string> out;
  for (const char* name : {"queue_id", "about"})
    if (std::string id = record.text(name); !id.empty()) out.push_back(std::move(id));
  return out;
}

}  // namespace

Task<Result<std::vector<TraceRecord>>> Trace::find(std::vector<std::string> words, WallTime since,
                                                   std::size_t limit) {
  std::set<std::string> wanted;
  std::vector<std::uint32_t> hashes;
  for (const auto& text : words) {
    std::string word = trace_word(text);
    hashes.push_back(trace_hash(word));
    wanted.insert(std::move(word));
  }
  std::deque<TraceRecord> found;
  store::Range range = all_indexes();
  // A block begins before its last record: begin a little earlier than asked.
  WallTime from = std::max(WallTime{}, since - std::chrono::minutes(1));
  range.begin = index_key({from, 0});
  for (;;) {
    auto snapshot = store_.snapshot();
    CO_TRY(auto pairs, co_await snapshot->scan(range, kIndexesRead));
    for (const auto& pair : pairs) {
      auto place = parse_index_key(pair.key);
      auto index = decode_index(pair.value);
      if (!place || !index) continue;  // the sweep takes it away
      if (std::ranges::none_of(hashes, [&](std::uint32_t hash) { return index->has(hash); }))
        continue;
      CO_TRY(auto block, co_await store_.snapshot()->get(block_key(*place)));
      if (!block) continue;
      CO_TRY(auto records, decode_block(*block));
      for (auto& record : records) {
        if (record.at < since || !has_a_word(record, wanted)) continue;
        found.push_back(std::move(record));
        if (found.size() > limit) found.pop_front();
      }
    }
    if (pairs.size() < kIndexesRead) break;
    range.begin = pairs.back().key + '\0';
  }
  co_return std::vector<TraceRecord>(std::make_move_iterator(found.begin()),
                                     std::make_move_iterator(found.end()));
}

Task<Result<std::vector<Life>>> Trace::lives(std::string text, WallTime since, std::size_t limit) {
  CO_TRY(auto seeds, co_await find({text}, since, limit));
  std::vector<std::string> ids;
  for (const auto& record : seeds)
    for (auto& id : letters_of(record))
      if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
  if (ids.size() > kLettersMax) ids.erase(ids.begin(), ids.end() - kLettersMax);

  // Everything about those letters, also where the word itself does not stand.
  std::vector<TraceRecord> all;
  if (!ids.empty()) {
    CO_TRY(all, co_await find(ids, since, limit));
  }
  std::vector<Life> out;
  std::map<std::string, std::size_t> place;
  for (auto& record : all) {
    std::string id;
    for (auto& one : letters_of(record))
      if (std::ranges::find(ids, one) != ids.end()) id = std::move(one);
    if (id.empty()) continue;
    auto [where, fresh] = place.try_emplace(id, out.size());
    if (fresh) out.push_back({id, {}});
    out[where->second].records.push_back(std::move(record));
  }
  for (auto& record : seeds)
    if (letters_of(record).empty()) out.push_back({"", {std::move(record)}});
  std::ranges::sort(out, {}, [](const Life& life) { return life.records.front().at; });
  co_return out;
}

}  // namespace posta::ops
