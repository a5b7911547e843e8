// admit.cc: a letter comes in: one durable commit (house D2).

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

 private:
  std::set<AccountId> accounts_;
  std::set<Address> addresses_;
};

}  // namespace

Task<Result<Admitted>> Queue::admit(Letter letter, Message message) {
  runtime::Executor& executor = co_await runtime::this_executor();
  StoredMessage stored{message.body->ref(), std::move(message.digest),
                       std::move(message.thread_keys), std::move(message.delivered_to)};
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
      if (!local || settlement.items().size() > config_.limits.inline_recipients_max) continue;
      auto prepared = carrier_.prepare(settlement.letter(), settlement.message(),
                                       destination.address, *local, recipient.address);
      // A copy that fails for good (a loop) is owed like the rest; the attempt reports it.
      if (auto* ready = std::get_if<MailboxCarrier::Prepared>(&prepared))
        item.local = std::move(*ready);
    }
  }

  for (auto& item : settlement.items()) {
    if (!item.local) continue;
    item.owed.attempts = 1;  // if the turn says no, this was the first attempt
    item.owed.next_attempt = now + retry_pause(config_.limits, 1, executor.random());
  }
  auto committed = co_await settlement.commit();
  if (!committed) co_return Failure(std::move(committed).error());

  Admitted admitted;
  Instant due = Instant::max();
  for (auto& item : settlement.items()) {
    if (item.owed.attempts > 0)
      events::recipient_settled(deps_.events, settlement.letter().id, item.owed, *item.outcome);
    if (item.outcome->kind == Outcome::Kind::deferred)
      due = std::min(due, executor.now() + (item.owed.next_attempt - now));
    admitted.each.push_back({item.owed.recipient.address, std::move(*item.outcome)});
  }
  if (settlement.still_owed()) schedule_->put(settlement.letter().id, due);
  co_return admitted;
}

QueueId Queue::new_id(runtime::Executor& executor) {
  return schedule_->new_id(executor.wall(), executor.random());
}

}  // namespace posta::mta
