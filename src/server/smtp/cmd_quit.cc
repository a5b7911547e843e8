// cmd_quit.cc: QUIT ends the session after our 221 (RFC 5321 §4.1.1.10).
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::quit(wire::smtp::Quit&) {
  end_ = End::quit;
  co_return reply::bye;
}

}  // namespace posta::server::smtp
