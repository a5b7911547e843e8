#include "mta/queue/settle.h"

#include "base/check.h"
#include "mta/queue/record.h"

namespace posta::mta {

namespace {
// A refused commit lost a race for a head; a settlement that loses this often is being starved.
constexpr int kTriesMax = 16;
}  // namespace

int Queue::Settlement::deliver(store::Turn& turn, Item& item) {
  auto outcome = queue_.carrier_.deliver_at_turn(turn, *item.local);
  if (!outcome) return store::kNoHead;
  item.outcome = std::move(*outcome);
  return store::kAccept;
}

int Queue::Settlement::close(store::Turn& turn) {
  still_owed_ = others_owed_;
  for (Item& item : items_) {
    CHECK(item.outcome);
    if (item.outcome->kind == Outcome::Kind::deferred) {
      if (!item.moved) {
        item.owed.last_reply = item.outcome->reply;
        item.owed.last_host = item.outcome->host;
      }
      turn.put(owed_key(letter_.id, item.owed.number), encode_owed(item.owed));
      still_owed_ = true;
    } else if (item.on_disk) {
      turn.erase(owed_key(letter_.id, item.owed.number));
    }
  }
  for (const Item& item : items_)
    if (still_owed_ && item.local && item.outcome->kind == Outcome::Kind::delivered)
      turn.put(reached_key(letter_.id, item.local->account), "");
  if (!still_owed_)
    for (AccountId account : on_disk_reached_) turn.erase(reached_key(letter_.id, account));
  if (still_owed_ && (!letter_on_disk_ || change_)) {
    std::string record = encode_letter(letter_, message_, changes_);
    if (!letter_on_disk_) seen_ = store::digest_of(record);
    turn.put(letter_key(letter_.id), std::move(record));
  }
  if (still_owed_ && !letter_on_disk_) {
    turn.put(store::body_link_key(message_.body.id, queue_link(letter_.id)), "");
  } else if (!still_owed_ && letter_on_disk_) {
    turn.erase(letter_key(letter_.id));
    turn.erase(store::body_link_key(message_.body.id, queue_link(letter_.id)));
  }
  return store::kAccept;
}

QueuedLetter Queue::Settlement::as_written() const {
  QueuedLetter out{letter_, message_, {}, {}, changes_, seen_};
  for (const Item& item : items_) {
    if (item.outcome->kind == Outcome::Kind::deferred) out.owed.push_back(item.owed);
    if (item.outcome->kind == Outcome::Kind::delivered && item.local)
      out.reached.push_back(item.local->account);
  }
  return out;
}

store::Batch Queue::Settlement::build() {
  store::Batch batch;
  if (letter_on_disk_) batch.require_value(letter_key(letter_.id), seen_);
  for (auto& body : bodies_) batch.take(std::move(body));
  bodies_.clear();
  if (!taken_key_.empty()) batch.require_absent(taken_key_).put(taken_key_, taken_record_);
  for (const QueuedLetter& letter : offspring_) {
    batch.put(letter_key(letter.letter.id), encode_letter(letter.letter, letter.message));
    batch.link(letter.message.body.id, queue_link(letter.letter.id));
    for (const OwedRecipient& owed : letter.owed)
      batch.put(owed_key(letter.letter.id, owed.number), encode_owed(owed));
  }
  for (Item& item : items_) {
    if (!item.local) continue;
    batch.at_turn(item.local->account.value,
                  [this, &item](store::Turn& turn) { return deliver(turn, item); });
  }
  batch.at_turn(kQueuePartition, [this](store::Turn& turn) { return close(turn); });
  return batch;
}

// A turn cannot look for the message that this one answers. Without an answer it begins a thread.
Task<> Queue::Settlement::find_thread(AccountId account, mailbox::Arrival& arrival) {
  auto found = co_await queue_.deps_.mailboxes.find_thread(account, arrival.thread_keys);
  if (found) arrival.thread = *found;
}

Task<Result<bool>> Queue::Settlement::commit() {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    for (Item& item : items_) {
      if (!item.local) continue;
      auto loaded = co_await queue_.deps_.mailboxes.load(item.local->account);
      if (loaded) {
        mailbox::Arrival& arrival = item.local->arrival;
        bool answers = arrival.thread_keys.size() > 1;  // the first is its own id
        if (tries == 0 && answers) co_await find_thread(item.local->account, arrival);
        continue;
      }
      // The mailbox cannot be reached now: this recipient waits, the others do not.
      item.local.reset();
      item.outcome = Outcome{Outcome::Kind::deferred, {451, {4, 3, 0}, loaded.error().what}};
    }
    auto committed = co_await queue_.deps_.store.commit(build());
    if (!committed) co_return Failure(std::move(committed).error());
    if (committed->ok()) co_return true;
    bool required = committed->refused->why == store::Refusal::Why::required;
    if (required && !taken_key_.empty())
      co_return fail(Error::Kind::conflict, "this letter was taken before");
    if (required) co_return false;
    bodies_ = std::move(committed->bodies);
  }
  co_return fail(Error::Kind::unavailable, "the mailboxes are too busy to settle this letter");
}

}  // namespace posta::mta
