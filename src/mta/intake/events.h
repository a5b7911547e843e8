// events.h: what intake says of a letter.
//
//   intake.connection.refused session peer reply                     info
//   intake.sender.refused     session peer helo from reply            info
//   intake.recipient.refused  session peer helo from to reply         info
//   intake.letter.refused     queue_id session peer from reply        warning
//   intake.letter.accepted    queue_id session peer helo from recipients size protocol
//                             message_id (if there is one)           info
#pragma once

#include "base/events.h"
#include "mail/letter.h"
#include "mail/reply.h"

namespace posta::mta::events {

void connection_refused(Events& events, const Origin& origin, const Reply& reply);
void sender_refused(Events& events, const Origin& origin, const ReversePath& from,
                    const Reply& reply);
void recipient_refused(Events& events, const Letter& letter, const Address& to, const Reply& reply);
void letter_refused(Events& events, const Letter& letter, const Reply& reply);
void letter_accepted(Events& events, const Letter& letter, std::uint64_t size,
                     std::string message_id);

}  // namespace posta::mta::events
