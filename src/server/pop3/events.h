// events.h: what happens in POP3 sessions, by name (house D10). All but the first carry `session`.
#pragma once

#include <string_view>

namespace posta::server::pop3::event {

// service, peer, why ("sessions" or "address")
inline constexpr std::string_view kConnectionRefused = "pop3.connection.refused";
// service, peer
inline constexpr std::string_view kConnectionOpened = "pop3.connection.opened";
// peer, user, why, retrieved, deleted
inline constexpr std::string_view kConnectionClosed = "pop3.connection.closed";
// peer, user, messages, octets
inline constexpr std::string_view kLogin = "pop3.login.accepted";
// Who is it was proved, but: peer, user, why ("in_use", "trouble"). What is refused before that is
// an event of server/session (login_events.h).
inline constexpr std::string_view kLoginRefused = "pop3.login.refused";
// what, error
inline constexpr std::string_view kTrouble = "pop3.trouble";

}  // namespace posta::server::pop3::event
