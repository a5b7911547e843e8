// mailbox_carrier.h: takes letters into mailboxes of accounts that live here.
//
// In two steps, because the second happens inside a commit: prepare() decides what the recipient's
// copy looks like, deliver_at_turn() writes it at the account's turn. What the turn says is the
// outcome.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "mail/letter.h"
#include "mail/reply.h"
#include "mailbox/mailbox.h"
#include "mta/route/route.h"
#include "store/store.h"

namespace posta::mta {

// A message that is in the store, or will be with the batch that names it.
struct StoredMessage {
  store::BodyRef body;
  std::shared_ptr<const std::string> digest;  // encoded wire::message digest
  std::vector<std::uint64_t> thread_keys;
  std::vector<std::string> delivered_to;           // values of its Delivered-To fields, for loops
  std::shared_ptr<const std::string> octets = {};  // the whole message, if it is at hand
};

class MailboxCarrier {
 public:
  explicit MailboxCarrier(mailbox::Mailboxes& mailboxes) : mailboxes_(mailboxes) {}

  struct Prepared {
    AccountId account;
    mailbox::Arrival arrival;
  };
  // The copy for this destination, or the reply that fails it for good (a loop: RFC 5321 §6.3).
  // `original` is what the sender named.
  std::variant<Prepared, Reply> prepare(const Letter& letter, const StoredMessage& message,
                                        const Address& destination, const LocalRoute& route,
                                        const Address& original) const;

  // What came of it, or nothing if the store has no head for the account (the turn must say
  // kNoHead).
  std::optional<Outcome> deliver_at_turn(store::Turn& turn, const Prepared& prepared) const;

 private:
  mailbox::Mailboxes& mailboxes_;
};

}  // namespace posta::mta
