#include "mta/delivery/mailbox_carrier.h"

#include "base/text.h"
#include "mta/seal/seal.h"

namespace posta::mta {

std::variant<MailboxCarrier::Prepared, Reply> MailboxCarrier::prepare(
    const Letter& letter, const StoredMessage& message, const Address& destination,
    const LocalRoute& route, const Address& original) const {
  std::string self = destination.str();
  for (const auto& before : message.delivered_to) {
    if (equals_ignore_case(before, self))
      return Reply(554, {5, 4, 6}, "Mail forwarding loop for " + self);
  }
  Prepared out;
  out.account = route.account.id;
  out.arrival.mailbox = mailbox::kInbox;
  out.arrival.prefix = delivery_fields(letter.envelope.from, destination, original);
  out.arrival.body = message.body;
  out.arrival.digest = message.digest;
  out.arrival.thread_keys = message.thread_keys;
  out.arrival.internal_date = letter.origin.received;
  // Mail for postmaster and abuse is taken however full the mailbox is (RFC 5321 §4.5.1).
  if (directory::is_role(destination.local) || directory::is_role(original.local)) return out;
  out.arrival.quota_octets = route.account.quota.octets;
  out.arrival.quota_messages = route.account.quota.messages;
  return out;
}

std::optional<Outcome> MailboxCarrier::deliver_at_turn(store::Turn& turn,
                                                       const Prepared& prepared) const {
  mailbox::Appended appended;
  switch (mailboxes_.append_at_turn(turn, prepared.account, prepared.arrival, appended)) {
    case mailbox::AppendCode::ok:
      return Outcome{Outcome::Kind::delivered, {250, {2, 1, 5}, "Delivered to mailbox"}};
    case mailbox::AppendCode::over_quota:
      return Outcome{Outcome::Kind::deferred, {452, {4, 2, 2}, "Mailbox full"}};
    case mailbox::AppendCode::no_mailbox:
      return Outcome{Outcome::Kind::deferred, {451, {4, 2, 0}, "Mailbox not found"}};
    case mailbox::AppendCode::no_head: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace posta::mta
