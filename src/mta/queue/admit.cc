// admit.cc: a letter comes in: one durable commit (house D2).

#include "mta/queue/at_hand.h"
#include "mta/queue/destinations.h"
#include "mta/queue/events.h"
#include "mta/queue/schedule.h"
#include "mta/queue/settle.h"

namespace posta::mta {

namespace {

Outcome owed_now(Reply reply) {
  return {Outcome::Kind::deferred, std::move(reply)};
}

// Where the recipients' mail goes: each place once, however many of the recipients lead there.
class Places {
 public:
  bool add_account(AccountId account) { return accounts_.insert(account).second; }
  bool add_address(const Address& address) { return addresses_.insert(address).second; }
  void add_abroad(const RemoteRoute& route) {
    abroad_.insert(route.destination());
    ++recipients_abroad_;
  }
  const std::set<std::string>& abroad() const { return abroad_; }
  // The only destination of so many owed recipients; empty: there are several, or it is unknown.
  std::string only(std::size_t owed) const {
    return abroad_.size() == 1 && owed == recipients_abroad_ ? *abroad_.begin() : std::string();
  }

 private:
  std::set<AccountId> accounts_;
  std::set<Address> addresses_;
  std::set<std::string> abroad_;  // names of destinations
  std::size_t recipients_abroad_ = 0;
};

template <class Items>
Admitted refused(const Items& items, const Reply& reply) {
  Admitted out;
  for (const auto& item : items)
    out.each.push_back({item.owed.recipient.address, {Outcome::Kind::failed, reply}});
  return out;
}

}  // namespace

Task<Result<Admitted>> Queue::admit(Letter letter, Message message, std::function<void()> durable) {
  runtime::Executor& executor = co_await runtime::this_executor();
  StoredMessage stored{message.body->ref(), std::move(message.digest),
                       std::move(message.thread_keys), std::move(message.delivered_to),
                       message.body->octets()};
  std::vector<Recipient> recipients = std::exchange(letter.envelope.recipients, {});
  Settlement settlement(*this, std::move(letter), std::move(stored), /*letter_on_disk=*/false);
  settlement.carry(std::move(message.body));
  settlement.take_once(settlement.letter().origin.submission, executor.wall());
  WallTime now = executor.wall();

  Places places;
  auto owe = [&](const Address& to, const Recipient& recipient) -> Settlement::Item& {
    auto& item = settlement.items().emplace_back();
    item.owed.number = static_cast<std::uint32_t>(settlement.items().size() - 1);
    item.owed.recipient = {to, recipient.original};
    item.owed.next_attempt = now;
    item.outcome = owed_now({250, {2, 0, 0}, "Queued"});
    return item;
  };
  std::vector<Reply> refusals;  // of copies that fail for good
  bool inline_allowed = recipients.size() <= config_.limits.inline_recipients_max;
  for (const Recipient& recipient : recipients) {
    if (!inline_allowed) {
      if (places.add_address(recipient.address)) owe(recipient.address, recipient);
      continue;
    }
    auto destinations = co_await deps_.router.resolve(recipient.address);
    if (!destinations) {  // the directory did not answer: settled later by the same code
      if (places.add_address(recipient.address)) owe(recipient.address, recipient);
      continue;
    }
    for (Destination& destination : *destinations) {
      auto* local = std::get_if<LocalRoute>(&destination.route);
      bool first =
          local ? places.add_account(local->account.id) : places.add_address(destination.address);
      if (!first) continue;
      auto& item = owe(destination.address, recipient);
      if (auto* remote = std::get_if<RemoteRoute>(&destination.route)) places.add_abroad(*remote);
      if (!local || settlement.items().size() > config_.limits.inline_recipients_max) continue;
      auto prepared = carrier_.prepare(settlement.letter(), settlement.message(),
                                       destination.address, *local, recipient.address);
      if (auto* ready = std::get_if<MailboxCarrier::Prepared>(&prepared))
        item.local = std::move(*ready);
      else
        refusals.push_back(std::get<Reply>(std::move(prepared)));
    }
  }
  // Said before anything is promised: a report would go to whomever the letter names as its sender.
  if (!refusals.empty()) co_return refused(settlement.items(), refusals.front());

  for (auto& item : settlement.items()) {
    if (!item.local) continue;
    item.owed.attempts = 1;  // if the turn says no, this was the first attempt
    item.owed.next_attempt = now + retry_pause(config_.limits, 1, executor.random());
  }
  auto committed = co_await settlement.commit();
  if (!committed) co_return Failure(std::move(committed).error());
  durable();

  Admitted admitted;
  auto pause = tell(settlement, admitted, now);
  if (!settlement.still_owed()) co_return admitted;
  QueuedLetter written = settlement.as_written();
  std::string only = places.only(written.owed.size());
  if (!places.abroad().empty()) at_hand_->keep(std::move(written), std::move(only));
  schedule_->put(settlement.letter().id, executor.now() + pause);
  co_await hold_back(places.abroad());
  co_return admitted;
}

// What came of an admission. Returned: until the first of what is owed is due.
std::chrono::milliseconds Queue::tell(Settlement& settlement, Admitted& admitted, WallTime now) {
  auto pause = std::chrono::milliseconds::max();
  for (auto& item : settlement.items()) {
    if (item.owed.attempts > 0)
      events::recipient_settled(deps_.events, settlement.letter().id, item.owed, *item.outcome);
    if (item.outcome->kind == Outcome::Kind::deferred)
      pause = std::min(pause, item.owed.next_attempt - now);
    admitted.each.push_back({item.owed.recipient.address, std::move(*item.outcome)});
  }
  return pause;
}

// Who brings mail faster than it leaves is answered a little later. The letter itself is on its
// way.
Task<> Queue::hold_back(const std::set<std::string>& destinations) {
  runtime::Executor& executor = co_await runtime::this_executor();
  const Instant until = executor.now() + config_.limits.hold_back_time;
  for (const std::string& destination : destinations) {
    runtime::Bell turn;
    if (!destinations_->hold_back(destination, turn, executor.now())) continue;
    co_await turn.wait_until(until);
    destinations_->let_go(destination, turn);
  }
}

QueueId Queue::new_id(runtime::Executor& executor) {
  return schedule_->new_id(executor.wall(), executor.random());
}

}  // namespace posta::mta
