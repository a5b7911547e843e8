// tls.h: TLS between a Stream and its Transport, on our own BIO (house D7).
//
//   stream -- TlsTransport -- BIO -- Transport (TCP, or a simulated pipe)
//
// OpenSSL never sees a socket, so STARTTLS and its buffer rules run in the simulator too. TLS 1.2
// is the floor (RFC 8996), 1.3 is preferred. An idle connection keeps no record buffers.
//
// STARTTLS: say the reply, flush, drop what was read ahead (RFC 3207 §4.2: nothing that came before
// the handshake may be believed), then accept_tls(). Implicit TLS: accept_tls() before the first
// word.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "mail/time.h"
#include "net/stream.h"

namespace posta::net {

namespace tls {
class Library;
}

// A chain and its key, PEM. The key is readable only by those who serve with it.
struct TlsCertificate {
  std::string chain_pem;  // the host's own first
  std::string key_pem;
  std::string source;  // where it came from, for errors: a path
};

struct TlsServerOptions {
  std::vector<TlsCertificate> certificates =
      {};                                  // chosen by SNI (RFC 6066 §3); the first for the rest
  bool tls12 = true;                       // false: 1.3 alone
  std::chrono::seconds ticket_life{7200};  // resumption (RFC 8446 §4.6.1, RFC 5077)
  // Whose randomness is used: an executor's in a simulated world (then all on its thread), else
  // OpenSSL's own.
  Executor* entropy = nullptr;
};

// What a certificate says, for `posta check` and warnings.
struct CertificateInfo {
  std::string source;
  std::vector<std::string> names;  // DNS names, lower case; wildcards as written
  WallTime not_before, not_after;
  bool self_signed = false;
  std::string issuer;    // its name, as people write it: "C=US, O=Example CA, CN=R1"
  bool alone = false;    // no issuer's certificate follows in the file
  bool in_order = true;  // each certificate is followed by its issuer's (RFC 8446 §4.4.2)

  // True if one of the names stands for `host` (RFC 6125 §6.4).
  bool covers(std::string_view host) const;
};

// What came of a handshake.
struct TlsInfo {
  std::string version;      // "TLSv1.3"
  std::string cipher;       // "TLS_AES_256_GCM_SHA384"
  unsigned bits = 0;        // of the cipher
  std::string server_name;  // SNI, lower case; empty: none
  bool resumed = false;
  bool verified = false;     // client side: the chain and the name were found good
  std::string verify_error;  // client side, if not verified: why
  // Channel bindings. Empty where there is none.
  std::string exporter;  // tls-exporter, RFC 9266 (TLS 1.3, or 1.2 with extended master secret)
  std::string server_end_point;  // tls-server-end-point, RFC 5929 §4
};

// Certificates, keys and ticket keys of the services. Any thread.
class TlsServer {
 public:
  // Error{config} names the source and what is wrong with it (no key, key of another certificate).
  static Result<std::shared_ptr<TlsServer>> create(TlsServerOptions options);
  ~TlsServer();

  // New certificates for new connections; connections that exist go on, and tickets stay good. On
  // Error the old ones stay.
  Result<> replace(std::vector<TlsCertificate> certificates);
  std::vector<CertificateInfo> certificates() const;

 private:
  friend class TlsTransport;
  friend struct TlsServerCallbacks;
  struct Impl;
  const tls::Library& library() const;
  explicit TlsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct TlsClientOptions {
  std::string ca_file = {};  // PEM: whose signatures are believed
  std::string ca_pem = {};   // the same, as text
  bool system_cas = true;    // and those that the system believes: read when a handshake needs them
  bool tls13 = true;         // false: 1.2 alone
  std::optional<TlsCertificate> certificate = {};  // shown to who asks
  std::size_t sessions_max = 0;  // kept for resumption, one for each name; 0: none
  Executor* entropy = nullptr;   // as in TlsServerOptions
};

class TlsClient {
 public:
  static Result<std::shared_ptr<TlsClient>> create(TlsClientOptions options);
  ~TlsClient();

  // Before the first handshake; connect_tls() sees to it. A worker reads them, once.
  Task<Result<>> read_system_cas();

 private:
  friend class TlsTransport;
  friend struct TlsClientCallbacks;
  struct Impl;
  const tls::Library& library() const;
  explicit TlsClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whom a client wants to reach, and how sure it must be.
struct TlsPeer {
  std::string name = {};  // SNI and, if required, the name in the certificate (RFC 6125)
  bool required = false;  // an unverified peer is Error{denied}; else TlsInfo says what was found
};

// The handshake on a stream; with unread input or unsent output it is Error{syntax}. Afterwards the
// stream speaks in clear and the wire in TLS. Error{timeout, closed, cancelled, syntax: no TLS,
// denied}; the stream is then good for nothing but reading to its end (what comes is dropped) and
// closing.
Task<Result<TlsInfo>> accept_tls(Stream& stream, std::shared_ptr<TlsServer> tls, Duration timeout);
Task<Result<TlsInfo>> connect_tls(Stream& stream, std::shared_ptr<TlsClient> tls, TlsPeer peer,
                                  Duration timeout);

// A certificate that signs itself, for a server that has no other yet. ECDSA P-256.
TlsCertificate self_signed_certificate(const std::vector<std::string>& names, WallTime now,
                                       std::chrono::days life);

}  // namespace posta::net
