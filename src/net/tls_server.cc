// tls_server.cc: the server's side: certificates by name, replaced under live connections; tickets.
//
// A set of certificates is a Generation. A connection takes the one that is current when its
// handshake begins; OpenSSL keeps what it needs of it. Tickets carry, beside OpenSSL's session,
// when they were given (by our clock) and the end point binding of the certificate that was shown
// then: RFC 5929 §4.1 means that one, whatever is shown to others by now.

#include <algorithm>
#include <mutex>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "net/tls_library.h"
#include "net/tls_tickets.h"
#include "net/tls_transport.h"

namespace posta::net {

namespace tls {

struct Generation {
  // Certificates for the same names and with other kinds of keys (ECDSA, RSA) share a context:
  // OpenSSL takes the one that the client can verify.
  struct Choice {
    CertificateInfo info;
    Context context;
  };
  std::vector<CertificateInfo> all;
  std::vector<Choice> choices;

  // The whole name before a wildcard, the first for names that nobody has (RFC 6066 §3: going on is
  // allowed, and an opportunistic client does not look at the name).
  SSL_CTX* choose(const std::string& name) const {
    for (const Choice& choice : choices)
      if (std::ranges::find(choice.info.names, name) != choice.info.names.end())
        return choice.context.get();
    for (const Choice& choice : choices)
      if (choice.info.covers(name)) return choice.context.get();
    return choices.front().context.get();
  }
};

}  // namespace tls

struct TlsServer::Impl {
  Impl(std::shared_ptr<const tls::Library> l, const TlsServerOptions& options)
      : library(std::move(l)), tls12(options.tls12), tickets(library, options.ticket_life) {}

  Result<std::shared_ptr<const tls::Generation>> make(
      const std::vector<TlsCertificate>& certificates) const;
  std::shared_ptr<const tls::Generation> now() const {
    std::lock_guard lock(mutex);
    return current;
  }

  const std::shared_ptr<const tls::Library> library;
  const bool tls12;
  tls::TicketKeys tickets;
  mutable std::mutex mutex;
  std::shared_ptr<const tls::Generation> current;  // under mutex
};

// --- what OpenSSL asks

struct TlsServerCallbacks {
  static TlsTransport& transport(SSL* ssl) {
    return *static_cast<TlsTransport*>(SSL_get_app_data(ssl));
  }
  static tls::TicketKeys& tickets(SSL* ssl) { return transport(ssl).server_->impl_->tickets; }
  static WallTime wall(SSL* ssl) { return transport(ssl).executor_.wall(); }

  static int server_name(SSL* ssl, int*, void*) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const auto& handshake = transport(ssl).handshake_;
    if (!name || !handshake) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_SSL_CTX(ssl, handshake->generation->choose(to_lower(name)));
    return SSL_TLSEXT_ERR_OK;
  }

  static int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                        EVP_MAC_CTX* mac, int sealing) {
    return sealing ? tickets(ssl).seal(name, iv, cipher, mac, wall(ssl))
                   : tickets(ssl).open(name, iv, cipher, mac, wall(ssl));
  }

  // OpenSSL's own time of a session is of no use: it is the machine's, not the executor's.
  static int new_ticket(SSL* ssl, void*) {
    const auto& handshake = transport(ssl).handshake_;
    SSL_SESSION* session = SSL_get_session(ssl);
    if (!handshake || !session) return 0;
    if (handshake->end_point.empty() && !SSL_session_reused(ssl))
      if (X509* shown = SSL_get_certificate(ssl)) handshake->end_point = tls::end_point_of(shown);
    std::string data;
    put_be64(data, static_cast<std::uint64_t>(wall(ssl).time_since_epoch().count()));
    data += handshake->end_point;
    SSL_SESSION_set_time(session, kNoTime);
    return SSL_SESSION_set1_ticket_appdata(session, data.data(), data.size());
  }

  static SSL_TICKET_RETURN old_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char*,
                                      std::size_t, SSL_TICKET_STATUS status, void*) {
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
      return SSL_TICKET_RETURN_IGNORE_RENEW;
    void* data = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket_appdata(session, &data, &size);
    std::string_view octets(static_cast<const char*>(data), size);
    const auto& handshake = transport(ssl).handshake_;
    if (!handshake || size < 8) return SSL_TICKET_RETURN_IGNORE_RENEW;
    WallTime given(std::chrono::milliseconds(get_be64(octets)));
    if (given > wall(ssl) || wall(ssl) - given > tickets(ssl).life())
      return SSL_TICKET_RETURN_IGNORE_RENEW;
    handshake->end_point = octets.substr(8);
    SSL_SESSION_set_time(session, kForEver);
    // RFC 8446 §C.4: clients use a ticket once, so who comes with one gets the next.
    bool renew = status == SSL_TICKET_SUCCESS_RENEW || SSL_version(ssl) >= TLS1_3_VERSION;
    return renew ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
  }

  static constexpr long kNoTime = 1;
  static constexpr long kForEver = 0x7FFF'FFFF;  // never too old for OpenSSL; we have judged
};

namespace {

Result<tls::Context> server_context(const tls::Library& library, bool tls12,
                                    std::chrono::seconds ticket_life) {
  TRY(tls::Context context, tls::new_context(library, TLS_server_method()));
  SSL_CTX* c = context.get();
  static constexpr unsigned char kName[] = "posta";
  if ((!tls12 && !SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION)) ||
      !SSL_CTX_set_session_id_context(c, kName, sizeof kName - 1) || !SSL_CTX_set_num_tickets(c, 1))
    return fail(Error::Kind::unavailable, "OpenSSL: " + tls::complaint());
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // tickets alone
  SSL_CTX_set_timeout(c, static_cast<long>(ticket_life.count()));
  SSL_CTX_set_tlsext_servername_callback(c, TlsServerCallbacks::server_name);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(c, TlsServerCallbacks::ticket_key);
  SSL_CTX_set_session_ticket_cb(c, TlsServerCallbacks::new_ticket, TlsServerCallbacks::old_ticket,
                                nullptr);
  return context;
}

}  // namespace

Result<std::shared_ptr<const tls::Generation>> TlsServer::Impl::make(
    const std::vector<TlsCertificate>& certificates) const {
  if (certificates.empty()) return fail(Error::Kind::config, "TLS needs a certificate and its key");
  auto out = std::make_shared<tls::Generation>();
  for (const TlsCertificate& certificate : certificates) {
    TRY(tls::Identity identity, tls::load(*library, certificate));
    out->all.push_back(identity.info);
    int kind = EVP_PKEY_get_base_id(identity.key.get());
    auto same = std::ranges::find_if(out->choices, [&](const tls::Generation::Choice& choice) {
      X509* shown = SSL_CTX_get0_certificate(choice.context.get());
      return choice.info.names == identity.info.names &&
             EVP_PKEY_get_base_id(X509_get0_pubkey(shown)) != kind;
    });
    if (same == out->choices.end()) {
      TRY(tls::Context context, server_context(*library, tls12, tickets.life()));
      out->choices.push_back({identity.info, std::move(context)});
      same = std::prev(out->choices.end());
    }
    TRY_VOID(tls::use(same->context.get(), identity));
  }
  return std::shared_ptr<const tls::Generation>(std::move(out));
}

TlsServer::TlsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsServer::~TlsServer() = default;

const tls::Library& TlsServer::library() const {
  return *impl_->library;
}

Result<std::shared_ptr<TlsServer>> TlsServer::create(TlsServerOptions options) {
  TRY(auto library, tls::Library::open(options.entropy));
  auto impl = std::make_unique<Impl>(std::move(library), options);
  TRY(impl->current, impl->make(options.certificates));
  return std::shared_ptr<TlsServer>(new TlsServer(std::move(impl)));
}

Result<> TlsServer::replace(std::vector<TlsCertificate> certificates) {
  TRY(auto made, impl_->make(certificates));
  std::lock_guard lock(impl_->mutex);
  impl_->current.swap(made);  // the old one goes after the lock, if nobody needs it any more
  return {};
}

std::vector<CertificateInfo> TlsServer::certificates() const {
  return impl_->now()->all;
}

TlsTransport::TlsTransport(Executor& executor, std::shared_ptr<TlsServer> server)
    : executor_(executor), server_(std::move(server)), handshake_(new Handshake) {
  handshake_->generation = server_->impl_->now();
  ssl_ = SSL_new(handshake_->generation->choices.front().context.get());
  attach();
  SSL_set_accept_state(ssl_);
}

}  // namespace posta::net
