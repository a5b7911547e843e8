// cmd_helo.cc: HELO, the old way to begin (RFC 5321 §4.1.1.1).
//
//   "HELO" SP Domain CRLF
//
// The name is kept for the trace field and never verified: a mismatch must not refuse mail
// (§4.1.4). INTEROP: parameters of extensions are understood after HELO too; who uses them knows
// what they are.
#include "server/smtp/session.h"

namespace posta::server::smtp {

Task<Reply> Session::helo(wire::smtp::Helo& command) {
  begin_hello(std::move(command.domain), false);
  co_return reply::hello.with(config().reception.host + " Hello " + stream_.peer().ip.literal());
}

}  // namespace posta::server::smtp
