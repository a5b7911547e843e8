// cmd_noop.cc: NOOP does nothing, and says so (RFC 5321 §4.1.1.9).
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::noop(wire::smtp::Noop&) {
  co_return reply::ok;
}

}  // namespace posta::server::smtp
