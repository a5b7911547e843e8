// attempt_settle.cc: what came of an attempt is written down.
//
// Recipients share no fate, and least of all with a report: its body is the first that a store
// without much room refuses, so what the sender is told of is settled after the rest. While that
// cannot be done, what has failed stays owed, with the reply that said so, and is tried again after
// the pause of any other attempt in vain.

#include <algorithm>

#include "mta/queue/attempt.h"
#include "mta/queue/events.h"
#include "mta/queue/schedule.h"

namespace posta::mta {

namespace {

Outcome expired(const OwedRecipient& owed) {  // RFC 3463 §3.5
  std::string last = owed.last_reply.code ? ": " + owed.last_reply.str() : std::string();
  return {Outcome::Kind::failed, {554, {5, 4, 7}, "Not delivered for too long" + last}};
}

}  // namespace

Failure Queue::Attempt::too_busy() {
  return fail(Error::Kind::unavailable, "the letter is changed too often to be settled");
}

bool Queue::Attempt::is_told(const std::optional<Outcome>& outcome) const {
  return outcome && outcome->kind == Outcome::Kind::failed && letter_.letter.envelope.from;
}

void Queue::Attempt::count_attempt(OwedRecipient& owed, WallTime now) const {
  owed.attempts += 1;
  owed.next_attempt = now + retry_pause(queue_.config_.limits, owed.attempts, chance_);
}

// Nobody answers at its destination until then: that was no attempt.
void Queue::Attempt::count_put_off(OwedRecipient& owed, WallTime now) const {
  const auto pause = put_off_.at(owed.number);
  const auto jitter = static_cast<std::uint64_t>(pause.count()) / 4 + 1;
  owed.put_off += pause;
  owed.next_attempt = now + pause + std::chrono::milliseconds(chance_ % jitter);
}

Task<Result<>> Queue::Attempt::settle(Outcomes outcomes) {
  Outcomes told;
  for (auto place = outcomes.begin(); place != outcomes.end();) {
    auto next = std::next(place);
    if (is_told(place->second)) told.insert(outcomes.extract(place));
    place = next;
  }
  CO_TRY_VOID(co_await settle_untold(std::move(outcomes)));
  if (told.empty()) co_return Result<>();
  auto settled = co_await settle_together(told);
  if (settled) co_return settled;
  events::trouble(queue_.deps_.events, letter_.letter.id, settled.error());
  for (auto& [number, outcome] : told) outcome.kind = Outcome::Kind::deferred;
  co_return co_await settle_untold(std::move(told));
}

// What a host has taken and we do not write down is sent again: so a store that became full
// meanwhile is waited for.
Task<Result<>> Queue::Attempt::settle_untold(Outcomes outcomes) {
  const bool taken = std::ranges::any_of(
      outcomes, [](const auto& each) { return each.second.kind == Outcome::Kind::delivered; });
  for (;;) {
    auto settled = co_await settle_together(outcomes);
    if (settled || !settled.error().is(Error::Kind::full)) co_return settled;
    runtime::Executor& executor = co_await runtime::this_executor();
    queue_.store_full_until_ = executor.now() + queue_.config_.limits.full_pause;
    if (!taken || !co_await runtime::sleep_until(*queue_.store_full_until_, &stop_))
      co_return settled;
  }
}

Task<Result<>> Queue::Attempt::settle_together(Outcomes outcomes) {
  runtime::Executor& executor = co_await runtime::this_executor();
  for (int tries = 0; tries < kTriesMax; ++tries) {
    Settlement settlement(queue_, letter_.letter, letter_.message, /*letter_on_disk=*/true);
    settlement.expect(letter_);
    settlement.set_reached(letter_.reached);
    for (const auto& owed : letter_.owed) {
      auto outcome = outcomes.find(owed.number);
      if (outcome == outcomes.end()) continue;
      auto& item = settlement.items().emplace_back();
      item.owed = owed;
      item.on_disk = true;
      item.outcome = outcome->second;
      if (put_off_.contains(owed.number)) {
        item.silent =
            owed.put_off.count() > 0 && owed.last_reply.str() == item.outcome->reply.str();
        count_put_off(item.owed, executor.wall());
      } else {
        count_attempt(item.owed, executor.wall());
      }
    }
    if (settlement.items().empty()) co_return Result<>();
    CO_TRY(bool done, co_await commit(settlement));
    if (done) co_return Result<>();
  }
  co_return too_busy();
}

// --- too late

// What is not told now, because its report cannot be written, is after the next attempt.
Task<> Queue::Attempt::settle_late() {
  Result<bool> done = false;
  for (int tries = 0; tries < kTriesMax && done && !*done; ++tries) {
    runtime::Executor& executor = co_await runtime::this_executor();
    Settlement settlement(queue_, letter_.letter, letter_.message, /*letter_on_disk=*/true);
    settlement.expect(letter_);
    settlement.set_reached(letter_.reached);
    for (const auto& owed : letter_.owed) judge_age(settlement, owed, executor.wall());
    if (settlement.items().empty()) co_return;
    done = co_await commit(settlement);
  }
  if (!done) events::trouble(queue_.deps_.events, letter_.letter.id, done.error());
}

void Queue::Attempt::judge_age(Settlement& settlement, const OwedRecipient& owed,
                               WallTime now) const {
  const QueueLimits& limits = queue_.config_.limits;
  const bool tried = owed.attempts > 0 || owed.put_off.count() > 0;
  if (owed.held || !tried) return;
  auto age = now - letter_.letter.origin.received;
  bool over = age > limits.life_max && tried_for_long(limits, owed.attempts, owed.put_off);
  bool late = limits.delay_warning.count() > 0 && age > limits.delay_warning && !owed.delay_told &&
              letter_.letter.envelope.from;
  if (!over && !late) return;
  auto& item = settlement.items().emplace_back();
  item.owed = owed;
  item.on_disk = true;
  item.late = !over;
  item.expired = over;
  item.owed.delay_told = true;
  item.outcome =
      over ? expired(owed) : Outcome{Outcome::Kind::deferred, owed.last_reply, owed.last_host};
}

// --- commits

Task<Result<bool>> Queue::Attempt::commit(Settlement& settlement) {
  runtime::Executor& executor = co_await runtime::this_executor();
  changed_ = true;
  std::vector<OwedRecipient> others;
  for (const auto& owed : letter_.owed) {
    bool touched = std::ranges::any_of(settlement.items(), [&](const auto& item) {
      return item.on_disk && item.owed.number == owed.number;
    });
    if (!touched) others.push_back(owed);
  }
  settlement.set_others_owed(!others.empty());
  CO_TRY_VOID(co_await queue_.report(settlement));
  CO_TRY(bool committed, co_await settlement.commit());
  if (!committed) {
    CO_TRY_VOID(co_await read_again());
    co_return false;
  }
  for (auto& item : settlement.items()) {
    if (!item.moved && !item.late && !item.silent)
      events::recipient_settled(queue_.deps_.events, letter_.letter.id, item.owed, *item.outcome);
    if (item.local && item.outcome->kind == Outcome::Kind::delivered)
      letter_.reached.push_back(item.local->account);
    if (item.outcome->kind == Outcome::Kind::deferred) others.push_back(std::move(item.owed));
  }
  for (const auto& offspring : settlement.offspring()) {
    events::report_sent(queue_.deps_.events, offspring.letter.id, letter_.letter.id);
    queue_.schedule_->put(offspring.letter.id, executor.now());
  }
  letter_.owed = std::move(others);
  co_return true;
}

// The letter and its message never change; what is owed of it may have.
Task<Result<>> Queue::Attempt::read_again() {
  CO_TRY(auto fresh, co_await queue_.show(letter_.letter.id));
  if (!fresh) {
    letter_.owed.clear();
    co_return Result<>();
  }
  letter_.owed = std::move(fresh->owed);
  letter_.reached = std::move(fresh->reached);
  letter_.changes = fresh->changes;
  letter_.seen = fresh->seen;
  co_return Result<>();
}

}  // namespace posta::mta
