// events.h: what a carrier says of other hosts.
//
//   delivery.session.opened  host address tls              info     ready for letters
//   delivery.session.broken  queue_id host address reply   warning  amid a letter
//   delivery.host.failed     queue_id host address reply   warning  cannot be spoken to
//   delivery.tls.failed      host address reply            warning  and it is tried in clear
#pragma once

#include "base/events.h"
#include "mail/letter.h"
#include "mta/delivery/smtp_session.h"

namespace posta::mta::events {

void session_opened(Events& events, const SmtpSession& session);
void session_broken(Events& events, const Letter& letter, const SmtpSession& session,
                    const Reply& reply);
void host_failed(Events& events, const Letter& letter, const MailHost& host, const Reply& reply);
void tls_failed(Events& events, const MailHost& host, const Reply& reply);

}  // namespace posta::mta::events
