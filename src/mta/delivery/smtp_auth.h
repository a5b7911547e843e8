// smtp_auth.h: proving to the relay host who we are (RFC 4954).
#pragma once

#include "mta/delivery/smtp_session.h"

namespace posta::mta {

// SCRAM where it is offered, else PLAIN, else LOGIN; nothing, or why the host does not believe us.
Task<std::expected<void, Reply>> smtp_auth(SmtpSession& session, const RelayHost& relay,
                                           Duration timeout);

}  // namespace posta::mta
