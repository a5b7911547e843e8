#include "mta/delivery/events.h"

namespace posta::mta::events {

void session_opened(Events& events, const SmtpSession& session) {
  const MailHost& host = session.host();
  events.emit({"delivery.session.opened",
               {{"host", host.name}, {"address", host.endpoint.str()}, {"tls", session.tls()}}});
}

void session_broken(Events& events, const Letter& letter, const SmtpSession& session,
                    const Reply& reply) {
  const MailHost& host = session.host();
  events.emit({"delivery.session.broken",
               {{"queue_id", to_string(letter.id)},
                {"host", host.name},
                {"address", host.endpoint.str()},
                {"reply", reply.str()}},
               Severity::warning});
}

void host_failed(Events& events, const Letter& letter, const MailHost& host, const Reply& reply) {
  events.emit({"delivery.host.failed",
               {{"queue_id", to_string(letter.id)},
                {"host", host.name},
                {"address", host.endpoint.str()},
                {"reply", reply.str()}},
               Severity::warning});
}

void tls_failed(Events& events, const MailHost& host, const Reply& reply) {
  events.emit({"delivery.tls.failed",
               {{"host", host.name}, {"address", host.endpoint.str()}, {"reply", reply.str()}},
               Severity::warning});
}

}  // namespace posta::mta::events
