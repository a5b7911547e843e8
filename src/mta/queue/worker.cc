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

// Postponed without a word to the store, and without a look at it, while what comes of an attempt
// could not be written: what a host has taken then would be sent again.
Task<bool> Queue::store_takes_commits() {
  constexpr std::size_t kProbeOctets = 4096;  // more than a settlement of a few recipients writes
  runtime::Executor& executor = co_await runtime::this_executor();
  if (store_full_until_ && executor.now() < *store_full_until_) co_return false;
  if (!store_full_until_ && !deps_.store.short_of_disk()) co_return true;
  store::Batch probe;
  probe.put("Q/probe", std::string(kProbeOctets, '\0')).erase("Q/probe");
  if (co_await deps_.store.commit(std::move(probe))) {
    store_full_until_.reset();
    co_return true;
  }
  store_full_until_ = executor.now() + config_.limits.full_pause;
  co_return false;
}

Task<> Queue::attempt(QueueId id, SmtpPool& pool, runtime::Stop& stop) {
  runtime::Executor& executor = co_await runtime::this_executor();
  if (co_await store_takes_commits()) {
    auto next = co_await try_letter(id, pool, stop);
    if (!next) events::trouble(deps_.events, id, next.error());
    if (next && !*next) {
      schedule_->remove(id);
      destinations_->forget(id);
    } else {
      schedule_->finished(id, next ? **next : executor.now() + config_.limits.retry_first);
    }
  } else {
    schedule_->finished(id, *store_full_until_);
  }
  wake(destinations_->ended(id), executor.now());
  schedule_->bell().ring();  // there is room for another attempt
}

Task<Result<std::optional<Instant>>> Queue::try_letter(QueueId id, SmtpPool& pool,
                                                       runtime::Stop& stop) {
  Result<std::optional<QueuedLetter>> letter = at_hand_->begin(id);
  if (!*letter) letter = co_await show(id);
  Result<std::optional<Instant>> next = std::optional<Instant>();
  AtHand::Kept kept;
  if (!letter) {
    next = Failure(std::move(letter).error());
  } else if (*letter) {
    Attempt attempt(*this, **std::move(letter), destinations_->recovered(id), pool, stop);
    next = co_await attempt.run();
    kept = attempt.keep();
    if (next && !*next) events::letter_removed(deps_.events, id);
  }
  at_hand_->end(id, std::move(kept));
  co_return next;
}

void Queue::wake(const std::vector<QueueId>& letters, Instant now) {
  for (QueueId id : letters) schedule_->put(id, now);
}

}  // namespace posta::mta
