// events.h: what happens in SMTP sessions, by name (house D10).
//
// All but the first carry `session`. `reply` is a whole reply: "550 5.1.1 No such user here".
#pragma once

#include <string_view>

namespace posta::server::smtp::event {

// service, peer, why ("sessions" or "address": the census' limit)
inline constexpr std::string_view kConnectionRefused = "smtp.connection.refused";
// service, peer
inline constexpr std::string_view kConnectionOpened = "smtp.connection.opened";
// peer, helo, why ("quit", "closed", "timeout", ...: session.h End), letters, commands, errors
inline constexpr std::string_view kConnectionClosed = "smtp.connection.closed";
// queue_id, from, recipients, octets, reply
inline constexpr std::string_view kLetterAccepted = "smtp.letter.accepted";
// queue_id, from, recipients, octets, reply
inline constexpr std::string_view kLetterRefused = "smtp.letter.refused";
// from, reply
inline constexpr std::string_view kSenderRefused = "smtp.sender.refused";
// queue_id, from, to, reply
inline constexpr std::string_view kRecipientRefused = "smtp.recipient.refused";
// line (printable, cut), reply
inline constexpr std::string_view kProtocolError = "smtp.protocol.error";

}  // namespace posta::server::smtp::event
