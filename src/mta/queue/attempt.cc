// attempt.cc: settling what is due (attempt.h).

#include "mta/queue/attempt.h"

#include <algorithm>

#include "base/check.h"
#include "mta/queue/events.h"
#include "mta/queue/schedule.h"

namespace posta::mta {

namespace {

constexpr int kTriesMax = 16;  // settlements lost to administrators, one after the other

Failure too_busy() {
  return fail(Error::Kind::unavailable, "the letter is changed too often to be settled");
}

Outcome expired(const OwedRecipient& owed) {  // RFC 3463 §3.5
  std::string last = owed.last_reply.code ? ": " + owed.last_reply.str() : std::string();
  return {Outcome::Kind::failed, {554, {5, 4, 7}, "Not delivered for too long" + last}};
}

}  // namespace

// The schedule says that the letter is due. The wall clock may have jumped meanwhile, so "due" is
// what was due first, and whatever else the clock says.
std::vector<std::size_t> Queue::Attempt::due(WallTime now) const {
  WallTime first = WallTime::max();
  for (const auto& owed : letter_.owed)
    if (!owed.held) first = std::min(first, owed.next_attempt);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < letter_.owed.size(); ++i)
    if (!letter_.owed[i].held && letter_.owed[i].next_attempt <= std::max(now, first))
      out.push_back(i);
  return out;
}

Task<Result<std::optional<Instant>>> Queue::Attempt::run() {
  runtime::Executor& executor = co_await runtime::this_executor();
  CO_TRY_VOID(co_await settle_here());
  CO_TRY_VOID(co_await settle_abroad());
  if (!stopped_) CO_TRY_VOID(co_await settle_late());
  if (letter_.owed.empty()) co_return std::optional<Instant>();
  co_return std::optional<Instant>(next_due(executor));
}

Queue::AtHand::Kept Queue::Attempt::keep() {
  AtHand::Kept kept;
  if (changed_ || waiting_.empty()) return kept;
  bool all_wait = abroad_.size() == 1 && waiting_.size() == letter_.owed.size();
  if (all_wait) kept.destination = abroad_.begin()->first;
  kept.letter = std::move(letter_);
  return kept;
}

Instant Queue::Attempt::next_due(runtime::Executor& executor) const {
  Instant next = Instant::max();
  for (const auto& owed : letter_.owed) {
    if (owed.held || waiting_.contains(owed.number)) continue;
    auto pause = pause_until(queue_.config_.limits, owed.next_attempt, executor.wall());
    next = std::min(next, executor.now() + pause);
  }
  return next;
}

// --- here

Task<Result<>> Queue::Attempt::settle_here() {
  runtime::Executor& executor = co_await runtime::this_executor();
  for (int tries = 0; tries < kTriesMax; ++tries) {
    abroad_.clear();
    Settlement settlement(queue_, letter_.letter, letter_.message, /*letter_on_disk=*/true);
    settlement.expect(letter_);
    settlement.set_reached(letter_.reached);
    Number next_number = 0;
    for (const auto& owed : letter_.owed) next_number = std::max(next_number, owed.number + 1);
    for (std::size_t i : due(executor.wall()))
      co_await place(settlement, letter_.owed[i], next_number);
    if (settlement.items().empty()) co_return Result<>();
    CO_TRY(bool done, co_await commit(settlement));
    if (done) co_return Result<>();
  }
  co_return too_busy();
}

// Where one owed recipient goes now. An alias becomes one item for each place it leads to; the
// first takes over the obligation. Who goes abroad as before needs no item: nothing changes yet.
Task<> Queue::Attempt::place(Settlement& settlement, OwedRecipient owed, Number& next_number) {
  runtime::Executor& executor = co_await runtime::this_executor();
  auto destinations = co_await queue_.deps_.router.resolve(owed.recipient.address);
  auto add = [&](bool on_disk) -> Settlement::Item& {
    auto& item = settlement.items().emplace_back();
    item.owed = owed;
    item.on_disk = on_disk;
    if (!on_disk) item.owed.number = next_number++;
    return item;
  };
  auto tried = [&](bool on_disk) -> Settlement::Item& {
    auto& item = add(on_disk);
    item.owed.attempts += 1;
    item.owed.next_attempt = next_try(executor, item.owed.attempts);
    return item;
  };
  if (!destinations) {
    tried(true).outcome =
        Outcome{Outcome::Kind::deferred, {451, {4, 3, 0}, destinations.error().what}};
    co_return;
  }
  bool first = true;
  for (Destination& destination : *destinations) {
    const bool on_disk = std::exchange(first, false);
    if (auto* remote = std::get_if<RemoteRoute>(&destination.route)) {
      Number number = owed.number;
      if (!on_disk || destination.address != owed.recipient.address) {
        auto& item = add(on_disk);
        item.owed.recipient.address = destination.address;
        item.owed.next_attempt = executor.wall();
        item.moved = true;
        item.outcome = Outcome{Outcome::Kind::deferred, {250, {2, 0, 0}, "Queued"}};
        number = item.owed.number;
      }
      Group& group = abroad_[remote->destination()];
      group.route = std::move(*remote);
      group.numbers.push_back(number);
      continue;
    }
    auto& item = tried(on_disk);
    item.owed.recipient.address = destination.address;
    if (auto* none = std::get_if<NoRoute>(&destination.route)) {
      auto kind = none->reply.permanent() ? Outcome::Kind::failed : Outcome::Kind::deferred;
      item.outcome = Outcome{kind, std::move(none->reply)};
    } else {
      place_here(settlement, item, std::get<LocalRoute>(destination.route));
    }
  }
}

WallTime Queue::Attempt::next_try(runtime::Executor& executor, unsigned attempts) const {
  return executor.wall() + retry_pause(queue_.config_.limits, attempts, executor.random());
}

void Queue::Attempt::place_here(Settlement& settlement, Settlement::Item& item, LocalRoute& local) {
  if (!settlement.reach(local.account.id)) {
    item.outcome = Outcome{Outcome::Kind::delivered, {250, {2, 1, 5}, "Has it already"}};
    return;
  }
  // What the sender named stands in X-Original-To, if it was an address at all.
  const Address& to = item.owed.recipient.address;
  Address original = Address::parse(item.owed.recipient.original).value_or(to);
  auto prepared =
      queue_.carrier_.prepare(settlement.letter(), settlement.message(), to, local, original);
  if (auto* ready = std::get_if<MailboxCarrier::Prepared>(&prepared))
    item.local = std::move(*ready);
  else
    item.outcome = Outcome{Outcome::Kind::failed, std::get<Reply>(std::move(prepared))};
}

// --- abroad

Task<Result<>> Queue::Attempt::settle_abroad() {
  if (abroad_.empty()) co_return Result<>();
  runtime::Executor& executor = co_await runtime::this_executor();
  runtime::Nursery carriers(executor);
  std::map<Number, Outcome> dead;
  for (auto& [destination, group] : abroad_) {
    if (stop_.requested()) break;
    auto answer = queue_.destinations_->enter(destination, letter_.letter.id, executor.now());
    using Kind = Destinations::Answer::Kind;
    if (answer.kind == Kind::go) {
      carriers.spawn(carry(destination, std::move(group)));
      continue;
    }
    for (Number number : group.numbers) {
      if (answer.kind == Kind::wait)
        waiting_.insert(number);
      else
        dead[number] = Outcome{Outcome::Kind::deferred, answer.why};
    }
  }
  Result<> result = co_await settle(std::move(dead));
  while (carriers.size() > 0 || !come_.empty()) {
    if (come_.empty()) co_await bell_.wait();
    std::map<Number, Outcome> outcomes;
    for (Come& come : std::exchange(come_, {})) {
      if (come.result.stopped) stopped_ = true;
      for (std::size_t i = 0; i < come.numbers.size(); ++i) {
        Outcome& outcome = come.result.each[i];
        // What we did not try because we end is owed as it was.
        if (come.result.stopped && outcome.kind == Outcome::Kind::deferred) continue;
        outcomes[come.numbers[i]] = std::move(outcome);
      }
    }
    auto settled = co_await settle(std::move(outcomes));
    if (!settled) result = std::move(settled);  // and hear the others out
  }
  co_await carriers.join();
  co_return result;
}

Task<> Queue::Attempt::carry(std::string destination, Group group) {
  runtime::Executor& executor = co_await runtime::this_executor();
  RemoteJob job{letter_.letter, letter_.message, std::move(group.route), {}};
  for (Number number : group.numbers) {
    auto owed = std::ranges::find(letter_.owed, number, &OwedRecipient::number);
    if (owed != letter_.owed.end()) job.recipients.push_back(owed->recipient.address);
  }
  Come come{std::move(group.numbers), {}};
  std::vector<QueueId> woken;
  // An administrator may have removed some in this very moment: then all are looked at again.
  if (job.recipients.size() == come.numbers.size()) {
    const Instant began = executor.now();
    come.result = co_await queue_.deps_.remote.deliver(std::move(job), pool_, stop_);
    Destinations::Left left{come.result.unreachable, executor.now() - began};
    if (left.unreachable) left.random = executor.random();
    woken = come.result.stopped ? queue_.destinations_->leave_untried(destination)
                                : queue_.destinations_->leave(destination, left, executor.now());
  } else {
    come.numbers.clear();
    woken = queue_.destinations_->leave_untried(destination);
  }
  queue_.wake(woken, executor.now());
  come_.push_back(std::move(come));
  bell_.ring();
}

Task<Result<>> Queue::Attempt::settle(std::map<Number, Outcome> outcomes) {
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
      item.owed.attempts += 1;
      item.outcome = outcome->second;
      if (item.outcome->kind == Outcome::Kind::deferred)
        item.owed.next_attempt = next_try(executor, item.owed.attempts);
    }
    if (settlement.items().empty()) co_return Result<>();
    CO_TRY(bool done, co_await commit(settlement));
    if (done) co_return Result<>();
  }
  co_return too_busy();
}

// --- too late

Task<Result<>> Queue::Attempt::settle_late() {
  runtime::Executor& executor = co_await runtime::this_executor();
  const QueueLimits& limits = queue_.config_.limits;
  const Letter& letter = letter_.letter;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    auto age = executor.wall() - letter.origin.received;
    Settlement settlement(queue_, letter, letter_.message, /*letter_on_disk=*/true);
    settlement.expect(letter_);
    settlement.set_reached(letter_.reached);
    for (const auto& owed : letter_.owed) {
      if (owed.held || owed.attempts == 0) continue;
      bool over = age > limits.life_max && owed.attempts >= attempts_before_expiry(limits);
      bool late = limits.delay_warning.count() > 0 && age > limits.delay_warning &&
                  !owed.delay_told && letter.envelope.from;
      if (!over && !late) continue;
      auto& item = settlement.items().emplace_back();
      item.owed = owed;
      item.on_disk = true;
      item.late = !over;
      item.owed.delay_told = true;
      item.outcome =
          over ? expired(owed) : Outcome{Outcome::Kind::deferred, owed.last_reply, owed.last_host};
    }
    if (settlement.items().empty()) co_return Result<>();
    CO_TRY(bool done, co_await commit(settlement));
    if (done) co_return Result<>();
  }
  co_return too_busy();
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
    if (!item.moved && !item.late)
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
