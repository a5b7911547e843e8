// doorway.h: how a connection becomes a session, and how it ends, the same for all servers.
//
//   connection -- take_seat -- session ... its last word -- linger -- closed
//                     |
//                     '-- turn_away -- closed      too many sessions (census.h)
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "net/stream.h"
#include "runtime/task.h"
#include "server/session/census.h"
#include "server/session/reception.h"

namespace posta::server {

// Error: too many are there, and what of; the server says so in an event.
std::expected<Census::Seat, Census::Full> take_seat(Census& census, const net::Stream& stream,
                                                    const Reception& reception);
std::string_view to_string(Census::Full full);

// The last word to who got no seat. With implicit TLS nothing is said: before a handshake nobody
// could read it, and a handshake is more than a refusal should cost.
runtime::Task<> turn_away(net::Stream& stream, const Reception& reception, Duration timeout,
                          std::string last_word);

// The last reply leaves; a client that is still sending must not have it torn from its hands by a
// reset (which the system sends if we close with input unread). `farewell`: the client has said
// that it goes, and sends nothing more.
runtime::Task<> linger(net::Stream& stream, Duration time, Octets octets_max, bool farewell);

// Why a session ends whose octets cannot leave.
template <class End>
End why_ended(const Error& error) {
  if (error.is(Error::Kind::cancelled)) return End::stopped;
  if (error.is(Error::Kind::timeout)) return End::timeout;
  return End::closed;
}

}  // namespace posta::server
