// manage.cc: what an administrator does to letters: retry, hold, release, remove.
//
// A change is one batch for each letter. It requires the letter's record as it was read and writes
// it anew, so whoever is about to settle a recipient of it is refused, reads again, and heeds what
// is still owed. Two administrators meet in the same way.

#include <algorithm>

#include "mta/queue/at_hand.h"
#include "mta/queue/destinations.h"
#include "mta/queue/events.h"
#include "mta/queue/record.h"
#include "mta/queue/schedule.h"
#include "mta/queue/settle.h"

namespace posta::mta {

namespace {

constexpr std::size_t kLettersRead = 100;  // letters read at a time
constexpr int kTriesMax = 16;              // changes lost to others before we say so

Reply removed_by_hand() {
  return {554, {5, 0, 0}, "Removed from the queue by its administrator"};
}

bool means(const Selection& which, const Letter& letter, const OwedRecipient& owed) {
  const Address& to = owed.recipient.address;
  if (which.recipient && to != *which.recipient &&
      owed.recipient.original != which.recipient->str())
    return false;
  if (which.destination && to.domain != *which.destination) return false;
  if (which.sender && letter.envelope.from != *which.sender) return false;
  return !which.held || owed.held == *which.held;
}

}  // namespace

Task<Result<std::size_t>> Queue::retry(Selection which) {
  which.held = false;       // what is held waits for its release
  destinations_->revive();  // and is not put off because nobody answered before
  return manage(Order::retry, std::move(which), Report::no);
}

Task<Result<std::size_t>> Queue::hold(Selection which) {
  which.held = false;
  return manage(Order::hold, std::move(which), Report::no);
}

Task<Result<std::size_t>> Queue::held(Selection which) {
  which.held = true;
  return manage(Order::look, std::move(which), Report::no);
}

Task<Result<std::size_t>> Queue::release(Selection which) {
  which.held = true;
  destinations_->revive();
  return manage(Order::release, std::move(which), Report::no);
}

Task<Result<std::size_t>> Queue::remove(Selection which, Report report) {
  return manage(Order::remove, std::move(which), report);
}

Task<Result<std::size_t>> Queue::manage(Order order, Selection which, Report report) {
  if (which.id) co_return co_await manage_letter(order, which, which.id, report);
  std::size_t count = 0;
  for (QueueId after;;) {
    CO_TRY(auto pairs, co_await deps_.store.snapshot()->scan(letters_after(after), kLettersRead));
    for (const auto& pair : pairs) {
      CO_TRY(after, parse_letter_key(pair.key));
      CO_TRY(std::size_t some, co_await manage_letter(order, which, after, report));
      count += some;
    }
    if (pairs.size() < kLettersRead) co_return count;
  }
}

Task<Result<std::size_t>> Queue::manage_letter(Order order, const Selection& which, QueueId id,
                                               Report report) {
  runtime::Executor& executor = co_await runtime::this_executor();
  for (int tries = 0; tries < kTriesMax; ++tries) {
    CO_TRY(auto read, co_await show(id));
    if (!read) co_return std::size_t{0};
    QueuedLetter letter = *std::move(read);
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < letter.owed.size(); ++i)
      if (means(which, letter.letter, letter.owed[i])) chosen.push_back(i);
    if (chosen.empty() || order == Order::look) co_return chosen.size();
    if (order == Order::remove) {
      CO_TRY(bool removed, co_await remove_from(letter, chosen, report));
      if (removed) co_return chosen.size();
      continue;
    }
    store::Batch batch;
    batch.require_value(letter_key(id), letter.seen);
    batch.put(letter_key(id), encode_letter(letter.letter, letter.message, letter.changes + 1));
    for (std::size_t i : chosen) {
      OwedRecipient& owed = letter.owed[i];
      if (order != Order::retry) owed.held = order == Order::hold;
      if (order != Order::hold) owed.next_attempt = executor.wall();
      batch.put(owed_key(id, owed.number), encode_owed(owed));
    }
    CO_TRY(auto committed, co_await deps_.store.commit(std::move(batch)));
    if (!committed.ok()) continue;
    at_hand_->forget(id);
    const char* what = order == Order::hold      ? "queue.recipient.held"
                       : order == Order::release ? "queue.recipient.released"
                                                 : "queue.recipient.retried";
    for (std::size_t i : chosen) events::recipient_changed(deps_.events, what, id, letter.owed[i]);
    WallTime due = WallTime::max();
    for (const auto& owed : letter.owed)
      if (!owed.held) due = std::min(due, owed.next_attempt);
    schedule_->put(id, due == WallTime::max()
                           ? Instant::max()
                           : executor.now() + pause_until(config_.limits, due, executor.wall()));
    co_return chosen.size();
  }
  co_return fail(Error::Kind::unavailable,
                 "the letter " + to_string(id) + " is too busy to be changed; try again");
}

// False: somebody else was faster, and nothing was removed.
Task<Result<bool>> Queue::remove_from(QueuedLetter& letter, std::vector<std::size_t> chosen,
                                      Report report) {
  runtime::Executor& executor = co_await runtime::this_executor();
  Settlement settlement(*this, letter.letter, letter.message, /*letter_on_disk=*/true);
  settlement.expect(letter, /*change=*/true);
  settlement.set_reached(letter.reached);
  settlement.set_others_owed(chosen.size() < letter.owed.size());
  for (std::size_t i : chosen) {
    auto& item = settlement.items().emplace_back();
    item.owed = letter.owed[i];
    item.on_disk = true;
    item.outcome = Outcome{Outcome::Kind::failed, removed_by_hand()};
  }
  if (report == Report::yes) CO_TRY_VOID(co_await this->report(settlement));
  CO_TRY(bool committed, co_await settlement.commit());
  if (!committed) co_return false;
  at_hand_->forget(letter.letter.id);
  for (std::size_t i : chosen)
    events::recipient_changed(deps_.events, "queue.recipient.removed", letter.letter.id,
                              letter.owed[i]);
  for (const auto& offspring : settlement.offspring()) {
    events::report_sent(deps_.events, offspring.letter.id, letter.letter.id);
    schedule_->put(offspring.letter.id, executor.now());
  }
  if (!settlement.still_owed()) {
    schedule_->remove(letter.letter.id);
    destinations_->forget(letter.letter.id);
    events::letter_removed(deps_.events, letter.letter.id);
  }
  co_return true;
}

}  // namespace posta::mta
