// tls_handshake.cc: the handshake on a stream, what came of it, and why it failed.

#include "base/check.h"
#include "base/text.h"
#include "net/tls_library.h"
#include "net/tls_transport.h"

namespace posta::net {

namespace tls {

namespace {

struct Reason {
  int code;
  const char* words;
};
constexpr Reason kReasons[] = {
    {SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS here"},
    {SSL_R_HTTP_REQUEST, "the peer speaks HTTP, not TLS"},
    {SSL_R_HTTPS_PROXY_REQUEST, "the peer speaks to an HTTP proxy, not TLS"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "the peer speaks no version of TLS that is safe (1.2, 1.3)"},
    {SSL_R_UNKNOWN_PROTOCOL, "the peer speaks no version of TLS that is safe (1.2, 1.3)"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the peer wants another version of TLS"},
    {SSL_R_NO_SHARED_CIPHER, "the peer offers no cipher that fits (or none for our certificate)"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "the peer found nothing in common"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the peer does not trust who signed our certificate"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the peer does not accept our certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "the peer does not accept our certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the peer finds our certificate expired"},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, "the peer ended the connection without ending TLS"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "a record was changed on its way"},
};

}  // namespace

Error explain(const SSL* ssl) {
  unsigned long code = ERR_peek_last_error();
  if (code == 0) return {Error::Kind::closed, "the connection failed during TLS"};
  int reason = ERR_GET_REASON(code);
  std::string openssl = complaint();
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    long why = SSL_get_verify_result(ssl);
    return {Error::Kind::denied, fmt::format("the peer's certificate is not to be trusted: {}",
                                             X509_verify_cert_error_string(why))};
  }
  auto kind =
      reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ? Error::Kind::closed : Error::Kind::syntax;
  for (const Reason& known : kReasons)
    if (known.code == reason) return {kind, known.words};
  return {kind, "TLS: " + openssl};
}

}  // namespace tls

std::optional<Error> TlsTransport::failure() const {
  return handshake_ ? handshake_->failure : std::nullopt;
}

namespace {

// RFC 9266 §2: defined where master secrets are unique. "Context value: Zero-length string."
std::string exporter(SSL* ssl) {
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  constexpr std::size_t kOctets = 32;
  if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return {};
  std::string out(kOctets, '\0');
  static constexpr unsigned char kNothing = 0;
  int done = SSL_export_keying_material(ssl, reinterpret_cast<unsigned char*>(out.data()),
                                        out.size(), kLabel.data(), kLabel.size(), &kNothing, 0, 1);
  return done == 1 ? out : std::string();
}

}  // namespace

TlsInfo TlsTransport::info() {
  CHECK(handshake_ && handshake_->done);
  auto handshake = std::exchange(handshake_, nullptr);
  TlsInfo info;
  info.version = SSL_get_version(ssl_);
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_);
  info.cipher = SSL_CIPHER_get_name(cipher);
  info.bits = static_cast<unsigned>(SSL_CIPHER_get_bits(cipher, nullptr));
  if (const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name))
    info.server_name = to_lower(name);
  info.resumed = SSL_session_reused(ssl_);
  info.exporter = exporter(ssl_);
  if (server_) {
    info.server_end_point = std::move(handshake->end_point);
    X509* shown = SSL_get_certificate(ssl_);
    if (info.server_end_point.empty() && shown && !info.resumed)
      info.server_end_point = tls::end_point_of(shown);
    return info;
  }
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate) info.server_end_point = tls::end_point_of(certificate);
  long result = certificate ? SSL_get_verify_result(ssl_) : X509_V_ERR_UNSPECIFIED;
  info.verified = result == X509_V_OK && !handshake->peer.name.empty();
  if (!info.verified)
    info.verify_error =
        result == X509_V_OK ? "no name was asked for" : X509_verify_cert_error_string(result);
  return info;
}

namespace {

Task<Result<TlsInfo>> shake(Stream& stream, std::unique_ptr<TlsTransport> made, Duration timeout) {
  // Who puts words in clear before the handshake wants them believed after it (RFC 3207 §6).
  if (!stream.input().empty() || stream.unsent() > 0)
    co_return fail(Error::Kind::syntax, "octets in clear where TLS should begin");
  TlsTransport& transport = *made;
  transport.stand_on(stream.exchange_transport(std::move(made)));
  stream.set_timeout(timeout);
  stream.set_deadline(stream.executor().now() + timeout);
  while (transport.shaking()) {
    Result<> more = co_await stream.fill();
    if (more) continue;
    if (auto failure = transport.failure()) co_return Failure(*failure);
    Error error = more.error();
    if (error.is(Error::Kind::timeout)) error.what = "the TLS handshake did not end in time";
    co_return Failure(std::move(error));
  }
  stream.set_deadline(Instant::max());
  co_return transport.info();
}

}  // namespace

Task<Result<TlsInfo>> accept_tls(Stream& stream, std::shared_ptr<TlsServer> tls, Duration timeout) {
  co_return co_await shake(
      stream, std::make_unique<TlsTransport>(stream.executor(), std::move(tls)), timeout);
}

Task<Result<TlsInfo>> connect_tls(Stream& stream, std::shared_ptr<TlsClient> tls, TlsPeer peer,
                                  Duration timeout) {
  auto known = co_await tls->read_system_cas();
  if (!known) co_return Failure(known.error());
  co_return co_await shake(
      stream, std::make_unique<TlsTransport>(stream.executor(), std::move(tls), std::move(peer)),
      timeout);
}

}  // namespace posta::net
