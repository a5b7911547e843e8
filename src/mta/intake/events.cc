#include "mta/intake/events.h"

namespace posta::mta::events {

void connection_refused(Events& events, const Origin& origin, const Reply& reply) {
  events.emit({"intake.connection.refused",
               {{"session", origin.session}, {"peer", origin.peer}, {"reply", reply.str()}}});
}

void sender_refused(Events& events, const Origin& origin, const ReversePath& from,
                    const Reply& reply) {
  events.emit({"intake.sender.refused",
               {{"session", origin.session},
                {"peer", origin.peer},
                {"helo", origin.helo},
                {"from", to_string(from)},
                {"reply", reply.str()}}});
}

void recipient_refused(Events& events, const Letter& letter, const Address& to,
                       const Reply& reply) {
  events.emit({"intake.recipient.refused",
               {{"session", letter.origin.session},
                {"peer", letter.origin.peer},
                {"helo", letter.origin.helo},
                {"from", to_string(letter.envelope.from)},
                {"to", to.str()},
                {"reply", reply.str()}}});
}

void letter_refused(Events& events, const Letter& letter, const Reply& reply) {
  events.emit({"intake.letter.refused",
               {{"queue_id", to_string(letter.id)},
                {"session", letter.origin.session},
                {"peer", letter.origin.peer},
                {"from", to_string(letter.envelope.from)},
                {"reply", reply.str()}},
               Severity::warning});
}

void letter_accepted(Events& events, const Letter& letter, std::uint64_t size,
                     std::string message_id) {
  Event event{"intake.letter.accepted",
              {{"queue_id", to_string(letter.id)},
               {"session", letter.origin.session},
               {"peer", letter.origin.peer},
               {"helo", letter.origin.helo},
               {"from", to_string(letter.envelope.from)},
               {"recipients", letter.envelope.recipients.size()},
               {"size", size},
               {"protocol", letter.origin.protocol}}};
  if (!message_id.empty()) event.fields.emplace_back("message_id", std::move(message_id));
  events.emit(event);
}

}  // namespace posta::mta::events
