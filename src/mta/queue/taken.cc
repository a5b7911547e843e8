#include "mta/queue/taken.h"

#include "base/bytes.h"
#include "mta/queue/queue.h"
#include "mta/queue/settle.h"

namespace posta::mta {

namespace {

constexpr std::string_view kPrefix = "Q/taken/";
constexpr std::size_t kTogether = 500;

}  // namespace

std::string taken_key(std::string_view submission) {
  return std::string(kPrefix).append(submission);
}

std::string encode_taken(WallTime when) {
  Writer out(1);
  out.signed_number(when.time_since_epoch().count());
  return out.take();
}

Result<WallTime> decode_taken(std::string_view record) {
  Reader in(record);
  if (in.octet() != 1) return fail(Error::Kind::corrupt, "a receipt of an unknown version");
  WallTime when(std::chrono::milliseconds(in.signed_number()));
  if (!in.done()) return fail(Error::Kind::corrupt, "a receipt is not what was written");
  return when;
}

void Queue::Settlement::take_once(const std::string& submission, WallTime now) {
  if (submission.empty()) return;
  taken_key_ = taken_key(submission);
  taken_record_ = encode_taken(now);
}

runtime::Task<Result<std::size_t>> forget_taken(store::Store& store, WallTime before,
                                                std::set<std::string> keep) {
  std::size_t forgotten = 0;
  store::Range range = store::Range::prefix(kPrefix);
  for (;;) {
    CO_TRY(auto pairs, co_await store.snapshot()->scan(range, kTogether));
    store::Batch batch;
    for (const auto& pair : pairs) {
      auto when = decode_taken(pair.value);
      if (!when || *when >= before || keep.contains(pair.key.substr(kPrefix.size()))) continue;
      batch.erase(pair.key);
      ++forgotten;
    }
    if (!batch.empty()) {
      batch.touch(kQueuePartition);
      CO_TRY_VOID(co_await store.commit(std::move(batch)));
    }
    if (pairs.size() < kTogether) co_return forgotten;
    range.begin = pairs.back().key + '\0';
  }
}

}  // namespace posta::mta
