// begin_tls.h: TLS begins in a session, the same for all servers.
//
//   STARTTLS, STLS:   say the reply, flush, then begin_tls()
//   implicit TLS:     begin_tls() before the first word
//
// RFC 3207 §4.2: nothing that came before the handshake may be believed. What was read behind the
// command is dropped here and noted (whoever put it there wanted it obeyed); what comes behind it
// later is no TLS and ends the handshake. The session forgets what the client said of itself.
#pragma once

#include <memory>
#include <string>

#include "base/events.h"
#include "base/limits.h"
#include "net/stream.h"
#include "net/tls.h"
#include "server/session/reception.h"

namespace posta::server {

namespace event {
// service, session, peer, version, cipher, server_name, resumed
inline constexpr std::string_view kTlsStarted = "session.tls.started";
// service, session, peer, error
inline constexpr std::string_view kTlsFailed = "session.tls.failed";
// service, session, peer, octets: commands in clear behind STARTTLS: an injection, or a wrong
// client
inline constexpr std::string_view kTlsEarlyInput = "session.tls.early_input";
}  // namespace event

// A handshake takes milliseconds and a few round trips.
inline constexpr std::chrono::seconds kHandshakeTimeout{30};

inline constexpr LimitInfo kTlsLimits[] = {
    {"tls.handshake_timeout", "seconds", "the connection is closed", ""},
};

// Null: there is no TLS, and the connection is good for nothing but closing. `reception.tls` is
// there. Output is flushed.
runtime::Task<std::unique_ptr<net::TlsInfo>> begin_tls(net::Stream& stream,
                                                       const Reception& reception, Events& events,
                                                       std::string session);

// What Received and events say: "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS.
std::string tls_words(const net::TlsInfo* tls);

}  // namespace posta::server
