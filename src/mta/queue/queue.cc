#include "mta/queue/queue.h"

#include "mta/queue/at_hand.h"
#include "mta/queue/destinations.h"
#include "mta/queue/record.h"
#include "mta/queue/schedule.h"
#include "mta/queue/settle.h"

namespace posta::mta {

namespace {
constexpr std::size_t kScanPairs = 1000;  // keys read at a time
}

Queue::Queue(Deps deps, QueueConfig config)
    : deps_(deps),
      config_(std::move(config)),
      carrier_(deps.mailboxes),
      schedule_(std::make_unique<Schedule>()),
      destinations_(std::make_unique<Destinations>(config_.limits)),
      at_hand_(std::make_unique<AtHand>(config_.limits.at_hand_octets_max)) {}

Queue::~Queue() = default;

std::size_t Queue::letters_owed() const {
  return schedule_->size();
}

Task<Result<>> Queue::load() {
  runtime::Executor& executor = co_await runtime::this_executor();
  WallTime wall = executor.wall();
  std::unordered_map<std::uint64_t, WallTime> due;
  store::Range range = all_owed();
  for (;;) {
    // A new snapshot for each stretch: nothing changes the queue before it is loaded.
    auto pairs = co_await deps_.store.snapshot()->scan(range, kScanPairs);
    if (!pairs) co_return Failure(std::move(pairs).error());
    for (const auto& pair : *pairs) {
      CO_TRY(auto name, parse_owed_key(pair.key));
      CO_TRY(auto owed, decode_owed(name.second, pair.value));
      auto [place, added] = due.try_emplace(name.first.value, WallTime::max());
      if (!owed.held) place->second = std::min(place->second, owed.next_attempt);
    }
    if (pairs->size() < kScanPairs) break;
    range.begin = pairs->back().key + '\0';
  }
  for (const auto& [id, at] : due) {
    schedule_->used_id(QueueId(id));
    schedule_->put(QueueId(id), at == WallTime::max()
                                    ? Instant::max()
                                    : executor.now() + pause_until(config_.limits, at, wall));
  }
  co_return Result<>();
}

Task<Result<std::optional<QueuedLetter>>> Queue::show(QueueId id) {
  auto snapshot = deps_.store.snapshot();
  auto record = co_await snapshot->get(letter_key(id));
  if (!record) co_return Failure(std::move(record).error());
  if (!*record) co_return std::optional<QueuedLetter>();
  CO_TRY(QueuedLetter letter, decode_letter(id, **record));
  store::Range range = owed_range(id);
  for (;;) {
    auto pairs = co_await snapshot->scan(range, kScanPairs);
    if (!pairs) co_return Failure(std::move(pairs).error());
    for (const auto& pair : *pairs) {
      CO_TRY(auto name, parse_owed_key(pair.key));
      CO_TRY(auto owed, decode_owed(name.second, pair.value));
      letter.owed.push_back(std::move(owed));
    }
    if (pairs->size() < kScanPairs) break;
    range.begin = pairs->back().key + '\0';
  }
  for (range = reached_range(id);;) {
    CO_TRY(auto pairs, co_await snapshot->scan(range, kScanPairs));
    for (const auto& pair : pairs) {
      CO_TRY(AccountId account, parse_reached_key(pair.key));
      letter.reached.push_back(account);
    }
    if (pairs.size() < kScanPairs) break;
    range.begin = pairs.back().key + '\0';
  }
  co_return std::optional<QueuedLetter>(std::move(letter));
}

Task<Result<std::vector<QueuedLetter>>> Queue::list(QueueId after, std::size_t limit) {
  limit = std::min(limit, config_.limits.list_max);
  std::vector<QueuedLetter> letters;
  // Fewer than were asked for are all there are: those settled meanwhile do not count.
  while (letters.size() < limit) {
    const std::size_t wanted = limit - letters.size();
    CO_TRY(auto pairs, co_await deps_.store.snapshot()->scan(letters_after(after), wanted));
    for (const auto& pair : pairs) {
      CO_TRY(after, parse_letter_key(pair.key));
      CO_TRY(auto letter, co_await show(after));
      if (letter) letters.push_back(*std::move(letter));
    }
    if (pairs.size() < wanted) break;
  }
  co_return letters;
}

}  // namespace posta::mta
