// worker.cc: takes what is due and keeps attempts going, until it is asked to stop.

#include "mta/queue/at_hand.h"
#include "mta/queue/attempt.h"
#include "mta/queue/events.h"
#include "mta/queue/schedule.h"

namespace posta::mta {

Task<> Queue::run(runtime::Stop& stop) {
  runtime::Executor& executor = co_await runtime::this_executor();
  SmtpPool pool(executor, deps_.remote.config().limits);
  runtime::Nursery attempts(executor);
  runtime::Stop::Callback on_stop(&stop, [&attempts] { attempts.stop().request(); });
  while (!stop.requested()) {
    bool room = attempts.size() < config_.limits.letters_trying_max;
    std::optional<QueueId> due;
    if (room) due = schedule_->take_due(executor.now());
    if (due) {
      if (must_wait(*due, executor.now()))
        schedule_->finished(*due, Instant::max());
      else
        attempts.spawn(attempt(*due, pool, attempts.stop()));
      continue;
    }
    co_await schedule_->bell().wait_until(room ? schedule_->next_due() : Instant::max(), &stop);
  }
  co_await attempts.join();
  co_await pool.close();
}

// True: its destination has no place for it now, and wakes it. So it is known without an attempt.
bool Queue::must_wait(QueueId id, Instant now) {
  std::string destination = at_hand_->destination(id);
  return !destination.empty() && destinations_->wait(destination, id, now);
}

Task<> Queue::attempt(QueueId id, SmtpPool& pool, runtime::Stop& stop) {
  runtime::Executor& executor = co_await runtime::this_executor();
  Result<std::optional<Instant>> next = std::optional<Instant>();
  Result<std::optional<QueuedLetter>> letter = at_hand_->begin(id);
  if (!*letter) letter = co_await show(id);
  bool there = letter && *letter;
  AtHand::Kept kept;
  if (there) {
    Attempt attempt(*this, std::move(**letter), pool, stop);
    next = co_await attempt.run();
    kept = attempt.keep();
  } else if (!letter) {
    next = Failure(std::move(letter).error());
  }
  at_hand_->end(id, std::move(kept));
  if (!next) {
    events::trouble(deps_.events, id, next.error());
    schedule_->finished(id, executor.now() + config_.limits.retry_first);
  } else if (*next) {
    schedule_->finished(id, **next);
  } else {
    schedule_->remove(id);
    if (there) events::letter_removed(deps_.events, id);
  }
  wake(destinations_->ended(id), executor.now());
  schedule_->bell().ring();  // there is room for another attempt
}

void Queue::wake(const std::vector<QueueId>& letters, Instant now) {
  for (QueueId id : letters) schedule_->put(id, now);
}

}  // namespace posta::mta
