// events.h: what happens in SMTP sessions, by name (house D10).
//
// All but the first carry `session`. `reply` is a whole reply: "550 5.6.0 Bare CR or LF ...".
// Senders and recipients that were refused are events of mta/intake, which judges them; `queue_id`
// joins both.
#pragma once

#include <string_view>

namespace posta::server::smtp::event {

// service, peer, why ("sessions", "address" or "descriptors": the census' limit)
inline constexpr std::string_view kConnectionRefused = "smtp.connection.refused";
// service, peer
inline constexpr std::string_view kConnectionOpened = "smtp.connection.opened";
// peer, helo, why ("quit", "closed", "timeout", ...: session.h End), letters, commands, errors
inline constexpr std::string_view kConnectionClosed = "smtp.connection.closed";
// (What becomes of letters is intake's to say: mta/intake/events.h. Those events carry the session
// too.) line (printable, cut), reply
inline constexpr std::string_view kProtocolError = "smtp.protocol.error";

}  // namespace posta::server::smtp::event
