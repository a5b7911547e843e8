// suite_faults.h: a workload whose every acknowledgement can be checked after a fault. Tests only.
//
// Each letter is a body and keys that name it; a counter and a log grow with it. Whatever happened:
// an acknowledged letter is whole; one that was not is whole or not there at all; the counter and
// the log say the same.
#pragma once

#include "store/suite.h"

namespace posta::store::suite {

// What one writer was told. `count` may be read by another thread: the first `count` letters of the
// writer are acknowledged.
struct Ledger {
  std::vector<int> acknowledged;
  std::shared_ptr<std::atomic<int>> count = std::make_shared<std::atomic<int>>(0);
  bool refused = false;  // some commit answered Error
};

inline std::size_t letter_octets(int letter) {
  return letter % 7 == 6 ? 200'000 : 500 + std::size_t(letter) * 97 % 9000;
}

inline std::string letter_key(int letter) {
  return fmt::format("A/letter/{:06}", letter);
}

inline std::string body_record(BodyRef ref) {
  return fmt::format("{} {}", ref.id.value, ref.size);
}

// Writes letters [from, to), one after the other; stops at the first Error.
inline Task<> write_letters(Store& store, int from, int to, Ledger& ledger) {
  for (int letter = from; letter < to; ++letter) {
    auto body = store.new_body();
    auto wrote = co_await body->write(text(letter_octets(letter), std::uint64_t(letter)));
    if (!wrote) break;
    auto finished = co_await body->finish();
    if (!finished) break;
    BodyRef ref = body->ref();
    Batch batch;
    batch.take(std::move(body)).link(ref.id, letter_key(letter));
    batch.put(letter_key(letter), body_record(ref)).add("A/count", 1);
    batch.append("A/log", fmt::format("{:06}", letter));
    if (letter % 5 == 4) batch.erase(fmt::format("A/noise/{:06}", letter - 1));
    batch.put(fmt::format("A/noise/{:06}", letter), std::string(300, 'n'));
    auto done = co_await store.commit(std::move(batch));
    if (!done) break;
    ledger.acknowledged.push_back(letter);
    ++*ledger.count;
  }
  if (ledger.acknowledged.empty() || ledger.acknowledged.back() != to - 1) ledger.refused = true;
}

// Several writers at once, so that groups have more than one batch.
inline Task<> write_in_parallel(Store& store, int writers, int letters, std::vector<Ledger>& out) {
  runtime::Executor& executor = co_await runtime::this_executor();
  runtime::Nursery nursery(executor);
  out.resize(std::size_t(writers));
  for (int w = 0; w < writers; ++w)
    nursery.spawn(write_letters(store, w * letters, (w + 1) * letters, out[std::size_t(w)]));
  co_await nursery.join();
}

// How many acknowledged letters are missing. Everything else that is wrong is a test failure.
inline Task<> check_letters(Store& store, std::vector<int> acknowledged, int& missing) {
  auto snapshot = store.snapshot();
  auto records = co_await snapshot->scan(Range::prefix("A/letter/"), 100'000);
  if (!records) {
    ADD_FAILURE() << describe(records.error());
    co_return;
  }
  std::set<int> there;
  for (const KeyValue& record : *records) {
    int letter = std::stoi(record.key.substr(9));
    there.insert(letter);
    BodyRef ref;
    std::size_t space = record.value.find(' ');
    ref.id = BodyId(std::stoull(record.value.substr(0, space)));
    ref.size = std::stoull(record.value.substr(space + 1));
    auto octets = co_await store.read_body(ref, 0, ref.size);
    bool whole = octets && *octets == text(letter_octets(letter), std::uint64_t(letter));
    EXPECT_TRUE(whole) << "letter " << letter
                       << " is half: " << (octets ? "other octets" : describe(octets.error()));
  }
  auto count = co_await snapshot->get("A/count");
  auto log = co_await snapshot->get("A/log");
  EXPECT_EQ(get_counter(count->value_or("")), std::int64_t(there.size()));
  std::set<int> logged;
  for (std::size_t i = 0; i < log->value_or("").size(); i += 6)
    logged.insert(std::stoi((*log)->substr(i, 6)));
  EXPECT_EQ(logged, there);
  missing = 0;
  for (int letter : acknowledged) missing += !there.contains(letter);
  // A sweep after a crash must not touch what is linked.
  auto swept = co_await store.sweep_bodies();
  EXPECT_TRUE(swept);
  for (const KeyValue& record : *records) {
    std::size_t space = record.value.find(' ');
    BodyRef ref{BodyId(std::stoull(record.value.substr(0, space))),
                std::stoull(record.value.substr(space + 1))};
    auto octets = co_await store.read_body(ref, 0, 1);
    EXPECT_TRUE(octets) << "the sweep took a linked body";
  }
}

inline std::vector<int> all_acknowledged(const std::vector<Ledger>& ledgers) {
  std::vector<int> all;
  for (const Ledger& ledger : ledgers)
    all.insert(all.end(), ledger.acknowledged.begin(), ledger.acknowledged.end());
  return all;
}

}  // namespace posta::store::suite
