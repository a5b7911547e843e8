// attempt.cc: the worker: takes what is due, asks the router again, settles.

#include <algorithm>

#include "base/check.h"
#include "mta/queue/events.h"
#include "mta/queue/schedule.h"
#include "mta/queue/settle.h"

namespace posta::mta {

Task<> Queue::run(runtime::Stop& stop) {
  runtime::Executor& executor = co_await runtime::this_executor();
  runtime::Nursery attempts(executor);
  while (!stop.requested()) {
    bool room = attempts.size() < config_.limits.letters_trying_max;
    std::optional<QueueId> due;
    if (room) due = schedule_->take_due(executor.now());
    if (due) {
      attempts.spawn(attempt(*due));
      continue;
    }
    co_await schedule_->bell().wait_until(room ? schedule_->next_due() : Instant::max(), &stop);
  }
  co_await attempts.join();
}

Task<> Queue::attempt(QueueId id) {
  runtime::Executor& executor = co_await runtime::this_executor();
  auto letter = co_await show(id);
  if (letter && !*letter) {
    schedule_->remove(id);
    co_return;
  }
  Result<Instant> next = fail(Error::Kind::unavailable, "not read");
  if (letter) {
    next = co_await settle_due(std::move(**letter));
  } else {
    next = Failure(std::move(letter).error());
  }
  if (!next) {
    events::trouble(deps_.events, id, next.error());
    schedule_->put(id, executor.now() + config_.limits.retry_first);
  } else if (*next == Instant::min()) {
    schedule_->remove(id);
    events::letter_removed(deps_.events, id);
  } else {
    schedule_->put(id, *next);
  }
  schedule_->bell().ring();  // there is room for another attempt
}

// When the letter is due next; Instant::min() if nothing of it is owed any more.
Task<Result<Instant>> Queue::settle_due(QueuedLetter letter) {
  runtime::Executor& executor = co_await runtime::this_executor();
  WallTime now = executor.wall();
  // The schedule says that the letter is due. The wall clock may have jumped meanwhile, so "due" is
  // what was due first, and whatever else the clock says.
  WallTime first = WallTime::max();
  for (const auto& owed : letter.owed)
    if (!owed.held) first = std::min(first, owed.next_attempt);
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < letter.owed.size(); ++i)
    if (!letter.owed[i].held && letter.owed[i].next_attempt <= std::max(now, first))
      due.push_back(i);

  auto still_owed = co_await settle(letter, due, /*give_up=*/false);
  if (!still_owed) co_return Failure(std::move(still_owed).error());

  // What was tried in vain for too long fails now, with its last reply.
  std::vector<std::size_t> expired;
  for (std::size_t i = 0; i < letter.owed.size(); ++i) {
    const auto& owed = letter.owed[i];
    if (!owed.held && owed.attempts >= attempts_before_expiry(config_.limits) &&
        now - letter.letter.origin.received > config_.limits.life_max)
      expired.push_back(i);
  }
  if (!expired.empty()) {
    still_owed = co_await settle(letter, expired, /*give_up=*/true);
    if (!still_owed) co_return Failure(std::move(still_owed).error());
  }
  if (!*still_owed) co_return Instant::min();
  Instant next = Instant::max();
  for (const auto& owed : letter.owed)
    if (!owed.held)
      next = std::min(next, executor.now() + pause_until(config_.limits, owed.next_attempt, now));
  co_return next;
}

// Settles the recipients with these indices; `letter.owed` becomes what is owed afterwards.
Task<Result<bool>> Queue::settle(QueuedLetter& letter, std::vector<std::size_t> due, bool give_up) {
  if (due.empty()) co_return !letter.owed.empty();
  runtime::Executor& executor = co_await runtime::this_executor();
  Settlement settlement(*this, letter.letter, letter.message, /*letter_on_disk=*/true);
  settlement.set_reached(letter.reached);
  std::uint32_t next_number = 0;
  for (const auto& owed : letter.owed) next_number = std::max(next_number, owed.number + 1);
  std::vector<OwedRecipient> others;
  for (std::size_t i = 0; i < letter.owed.size(); ++i) {
    if (std::ranges::find(due, i) == due.end()) {
      others.push_back(letter.owed[i]);
      continue;
    }
    OwedRecipient owed = letter.owed[i];
    if (give_up) {
      auto& item = settlement.items().emplace_back();
      item.on_disk = true;
      std::string last = owed.last_reply.code ? ": " + owed.last_reply.str() : std::string();
      item.outcome =
          Outcome{Outcome::Kind::failed, {554, {5, 4, 7}, "Not delivered for too long" + last}};
      item.owed = std::move(owed);
      continue;
    }
    owed.attempts += 1;
    owed.next_attempt =
        executor.wall() + retry_pause(config_.limits, owed.attempts, executor.random());
    co_await place(settlement, std::move(owed), next_number);
  }
  settlement.set_others_owed(!others.empty());
  CO_TRY_VOID(co_await report_failures(settlement));
  CO_TRY_VOID(co_await settlement.commit());

  for (auto& item : settlement.items()) {
    events::recipient_settled(deps_.events, letter.letter.id, item.owed, *item.outcome);
    if (item.local && item.outcome->kind == Outcome::Kind::delivered)
      letter.reached.push_back(item.local->account);
    if (item.outcome->kind == Outcome::Kind::deferred) others.push_back(std::move(item.owed));
  }
  for (const auto& offspring : settlement.offspring()) {
    events::report_sent(deps_.events, offspring.letter.id, letter.letter.id);
    schedule_->put(offspring.letter.id, executor.now());
  }
  letter.owed = std::move(others);
  co_return settlement.still_owed();
}

// Where one owed recipient goes now. An alias becomes one item for each place it leads to; the
// first takes over the obligation.
Task<> Queue::place(Settlement& settlement, OwedRecipient owed, std::uint32_t& next_number) {
  auto add = [&](bool on_disk) -> Settlement::Item& {
    auto& item = settlement.items().emplace_back();
    item.owed = owed;
    item.on_disk = on_disk;
    if (!on_disk) item.owed.number = next_number++;
    return item;
  };
  auto destinations = co_await deps_.router.resolve(owed.recipient.address);
  if (!destinations) {
    add(true).outcome =
        Outcome{Outcome::Kind::deferred, {451, {4, 3, 0}, destinations.error().what}};
    co_return;
  }
  bool first = true;
  for (Destination& destination : *destinations) {
    auto& item = add(std::exchange(first, false));
    item.owed.recipient.address = destination.address;
    if (auto* none = std::get_if<NoRoute>(&destination.route)) {
      auto kind = none->reply.permanent() ? Outcome::Kind::failed : Outcome::Kind::deferred;
      item.outcome = Outcome{kind, std::move(none->reply)};
    } else if (std::get_if<RemoteRoute>(&destination.route)) {
      item.outcome = Outcome{Outcome::Kind::deferred,
                             {451, {4, 4, 0}, "posta does not deliver to other hosts yet"}};
    } else {
      auto& local = std::get<LocalRoute>(destination.route);
      if (!settlement.reach(local.account.id)) {
        item.outcome = Outcome{Outcome::Kind::delivered, {250, {2, 1, 5}, "Has it already"}};
        continue;
      }
      // What the sender named stands in X-Original-To, if it was an address at all.
      Address original = Address::parse(owed.recipient.original).value_or(owed.recipient.address);
      auto prepared = carrier_.prepare(settlement.letter(), settlement.message(),
                                       destination.address, local, original);
      if (auto* ready = std::get_if<MailboxCarrier::Prepared>(&prepared)) {
        item.local = std::move(*ready);
      } else {
        item.outcome = Outcome{Outcome::Kind::failed, std::get<Reply>(std::move(prepared))};
      }
    }
  }
}

}  // namespace posta::mta
