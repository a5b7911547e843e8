// events.h: what happens in IMAP sessions, by name (house D10). All but the first carry `session`.
#pragma once

#include <string_view>

namespace posta::server::imap::event {

// service, peer, why ("sessions" or "address")
inline constexpr std::string_view kConnectionRefused = "imap.connection.refused";
// service, peer
inline constexpr std::string_view kConnectionOpened = "imap.connection.opened";
// peer, user, why, fetched, appended
inline constexpr std::string_view kConnectionClosed = "imap.connection.closed";
// user: more sessions of one account than it may have
inline constexpr std::string_view kAccountFull = "imap.login.full";
// user, and what the client says of itself (RFC 2971)
inline constexpr std::string_view kClient = "imap.client";
// what, error
inline constexpr std::string_view kTrouble = "imap.trouble";

}  // namespace posta::server::imap::event
