// cmd_rset.cc: RSET forgets the letter being written and keeps the session (RFC 5321 §4.1.1.5).
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::rset(wire::smtp::Rset&) {
  forget_letter();
  co_return reply::ok;
}

}  // namespace posta::server::smtp
