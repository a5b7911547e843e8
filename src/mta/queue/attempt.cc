// attempt.cc: what is due of a letter, and where it goes (attempt.h).

#include "mta/queue/attempt.h"

#include <algorithm>

#include "mta/queue/schedule.h"

namespace posta::mta {

// The schedule says that the letter is due. The wall clock may have jumped meanwhile, so "due" is
// what was due first, and whatever else the clock says; unless the letter was woken for some of it.
// What only chance has put off a little longer comes along: they may share a transaction.
std::vector<std::size_t> Queue::Attempt::due(WallTime now) const {
  WallTime first = WallTime::max();
  for (const auto& owed : letter_.owed)
    if (!owed.held) first = std::min(first, owed.next_attempt);
  const WallTime until = recovered_.empty() ? std::max(now, first) : now;
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < letter_.owed.size(); ++i) {
    const OwedRecipient& owed = letter_.owed[i];
    if (owed.held) continue;
    const WallTime from = owed.next_attempt - jitter_max(queue_.config_.limits, owed.attempts);
    if (from <= until || recovered_.contains(owed.number)) out.push_back(i);
  }
  return out;
}

Task<Result<std::optional<Instant>>> Queue::Attempt::run() {
  runtime::Executor& executor = co_await runtime::this_executor();
  chance_ = executor.random();
  CO_TRY_VOID(co_await settle_here());
  CO_TRY_VOID(co_await settle_abroad());
  if (!stopped_) co_await settle_late();
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
    refused_.clear();
    Settlement settlement(queue_, letter_.letter, letter_.message, /*letter_on_disk=*/true);
    settlement.expect(letter_);
    settlement.set_reached(letter_.reached);
    Number next_number = 0;
    for (const auto& owed : letter_.owed) next_number = std::max(next_number, owed.number + 1);
    for (std::size_t i : due(executor.wall()))
      co_await place(settlement, letter_.owed[i], next_number);
    bool done = settlement.items().empty();
    if (!done) {
      CO_TRY(done, co_await commit(settlement));
    }
    if (done) co_return co_await settle(std::exchange(refused_, {}));
  }
  co_return too_busy();
}

// Where one owed recipient goes now. An alias becomes one item for each place it leads to; the
// first takes over the obligation. Who goes abroad as before, or is refused, needs no item: nothing
// changes yet.
Task<> Queue::Attempt::place(Settlement& settlement, OwedRecipient owed, Number& next_number) {
  runtime::Executor& executor = co_await runtime::this_executor();
  auto destinations = co_await queue_.deps_.router.resolve(owed.recipient.address);
  if (!destinations) {
    auto& item = settlement.items().emplace_back();
    item.owed = std::move(owed);
    item.on_disk = true;
    item.outcome = Outcome{Outcome::Kind::deferred, {451, {4, 3, 0}, destinations.error().what}};
    count_attempt(item.owed, executor.wall());
    co_return;
  }
  bool on_disk = true;
  for (Destination& destination : *destinations) {
    Settlement::Item item;
    item.owed = owed;
    item.owed.recipient.address = destination.address;
    item.on_disk = std::exchange(on_disk, false);
    if (!item.on_disk) item.owed.number = next_number++;
    item.moved = !item.on_disk || destination.address != owed.recipient.address;
    if (auto* remote = std::get_if<RemoteRoute>(&destination.route)) {
      Group& group = abroad_[remote->destination()];
      group.route = std::move(*remote);
      group.numbers.push_back(item.owed.number);
    } else if (place_here(settlement, item, destination.route); !is_told(item.outcome)) {
      item.moved = false;
      count_attempt(item.owed, executor.wall());
      settlement.items().push_back(std::move(item));
      continue;
    } else {
      refused_[item.owed.number] = *std::move(item.outcome);
    }
    if (!item.moved) continue;
    item.owed.next_attempt = executor.wall();
    item.outcome = Outcome{Outcome::Kind::deferred, {250, {2, 0, 0}, "Queued"}};
    settlement.items().push_back(std::move(item));
  }
}

void Queue::Attempt::place_here(Settlement& settlement, Settlement::Item& item, Route& route) {
  if (auto* none = std::get_if<NoRoute>(&route)) {
    auto kind = none->reply.permanent() ? Outcome::Kind::failed : Outcome::Kind::deferred;
    item.outcome = Outcome{kind, std::move(none->reply)};
    return;
  }
  auto& local = std::get<LocalRoute>(route);
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
    if (answer.kind == Kind::wait) {
      waiting_.insert(group.numbers.begin(), group.numbers.end());
      for (Number number : group.numbers)
        if (recovered_.contains(number))
          queue_.destinations_->stay_recovered(letter_.letter.id, number);
      continue;
    }
    queue_.destinations_->put_off(destination, letter_.letter.id, group.numbers);
    for (Number number : group.numbers) {
      dead[number] = Outcome{Outcome::Kind::deferred, answer.why};
      put_off_[number] =
          std::chrono::ceil<std::chrono::milliseconds>(answer.until - executor.now());
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
    if (left.unreachable && !come.result.stopped)
      queue_.destinations_->put_off(destination, letter_.letter.id, come.numbers);
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

}  // namespace posta::mta
