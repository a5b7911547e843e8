// login_events.h: logins, by name (house D10), the same for all services. All carry session,
// service, peer, user (as the client wrote it, cut and printable) and mechanism ("password" for
// USER/PASS and LOGIN).
#pragma once

#include <string_view>

namespace posta::server::event {

// account (its address), app_password (its number; 0: the account's own password)
inline constexpr std::string_view kLoginAccepted = "server.login.accepted";
// why ("wrong", "disabled", "identity", "throttled", "unavailable", "malformed", "insecure",
// "mechanism")
inline constexpr std::string_view kLoginRefused = "server.login.refused";

}  // namespace posta::server::event
