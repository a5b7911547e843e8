// tls_client.cc: the client's side: whom it believes, and sessions that it may resume.

#include <openssl/pem.h>

#include <atomic>
#include <map>
#include <mutex>

#include "base/check.h"
#include "base/text.h"
#include "net/tls_library.h"
#include "net/tls_transport.h"
#include "runtime/worker.h"

namespace posta::net {

namespace {

struct Session {
  std::unique_ptr<SSL_SESSION, tls::Free<SSL_SESSION_free>> session;
  bool verified = false;
};

Result<> believe(SSL_CTX* context, const std::string& pem) {
  if (pem.empty()) return {};
  tls::Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::size_t count = 0;
  while (tls::Certificate one{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get());
    ++count;
  }
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  if (count > 0) return {};
  return fail(Error::Kind::config, "no certificates to believe in the text that was given");
}

}  // namespace

struct TlsClient::Impl {
  std::shared_ptr<const tls::Library> library;
  tls::Context context;
  std::once_flag system_cas_read;
  std::atomic<bool> complete = false;  // nothing is to be read any more
  std::size_t sessions_max = 0;
  std::mutex mutex;
  std::map<std::string, Session> sessions;  // by name; under mutex

  // A session is used once (RFC 8446 §C.4): who sees it again could tell that we are the same.
  Session take(const std::string& name) {
    std::lock_guard lock(mutex);
    auto found = sessions.find(name);
    if (found == sessions.end()) return {};
    Session out = std::move(found->second);
    sessions.erase(found);
    return out;
  }
  void keep(const std::string& name, Session session) {
    std::lock_guard lock(mutex);
    if (sessions.size() >= sessions_max && !sessions.contains(name))
      sessions.erase(sessions.begin());
    sessions[name] = std::move(session);
  }
};

struct TlsClientCallbacks {
  static int new_session(SSL* ssl, SSL_SESSION* session) {
    auto& transport = *static_cast<TlsTransport*>(SSL_get_app_data(ssl));
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!name) return 0;
    transport.client_->impl_->keep(
        to_lower(name), {.session{session}, .verified = SSL_get_verify_result(ssl) == X509_V_OK});
    return 1;  // we keep the reference
  }
};

TlsClient::TlsClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsClient::~TlsClient() = default;

const tls::Library& TlsClient::library() const {
  return *impl_->library;
}

Result<std::shared_ptr<TlsClient>> TlsClient::create(TlsClientOptions options) {
  auto impl = std::make_unique<Impl>();
  TRY(impl->library, tls::Library::open(options.entropy));
  TRY(impl->context, tls::new_context(*impl->library, TLS_client_method()));
  SSL_CTX* context = impl->context.get();
  if (!options.ca_file.empty() && !SSL_CTX_load_verify_file(context, options.ca_file.c_str()))
    return fail(Error::Kind::config, fmt::format("{}: no certificates to believe: {}",
                                                 options.ca_file, tls::complaint()));
  TRY_VOID(believe(context, options.ca_pem));
  if (!options.tls13) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  impl->complete = !options.system_cas;
  if (options.certificate) {
    TRY(tls::Identity identity, tls::load(*impl->library, *options.certificate));
    TRY_VOID(tls::use(context, identity));
  }
  impl->sessions_max = options.sessions_max;
  if (options.sessions_max > 0) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, TlsClientCallbacks::new_session);
  }
  return std::shared_ptr<TlsClient>(new TlsClient(std::move(impl)));
}

// A hundred certificates, and some ten milliseconds: neither the start of a server nor a loop waits
// for them, and who never calls anybody has not them in memory.
Task<Result<>> TlsClient::read_system_cas() {
  if (impl_->complete) co_return Result<>();
  auto read = co_await runtime::on_worker([impl = impl_.get()] {
    std::call_once(impl->system_cas_read,
                   [impl] { SSL_CTX_set_default_verify_paths(impl->context.get()); });
    impl->complete = true;
    return true;
  });
  if (!read) co_return Failure(read.error());
  co_return Result<>();
}

TlsTransport::TlsTransport(Executor& executor, std::shared_ptr<TlsClient> client, TlsPeer peer)
    : executor_(executor), client_(std::move(client)), handshake_(new Handshake) {
  ssl_ = SSL_new(client_->impl_->context.get());
  attach();
  SSL_set_connect_state(ssl_);
  std::string name = to_lower(peer.name);
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_);
  X509_VERIFY_PARAM_set_time(
      verify, std::chrono::floor<std::chrono::seconds>(executor.wall()).time_since_epoch().count());
  // RFC 6125 §6.4.3: a wildcard is a whole label.
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (IpAddress::parse(name)) {
    CHECK(X509_VERIFY_PARAM_set1_ip_asc(verify, name.c_str()));
  } else if (!name.empty()) {
    CHECK(X509_VERIFY_PARAM_set1_host(verify, name.c_str(), name.size()));
    CHECK(SSL_set_tlsext_host_name(ssl_, name.c_str()));
    auto [session, verified] = client_->impl_->take(name);
    // What was not verified then is not believed now.
    if (session && (verified || !peer.required)) CHECK(SSL_set_session(ssl_, session.get()));
  }
  SSL_set_verify(ssl_, peer.required ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  handshake_->peer = std::move(peer);
}

}  // namespace posta::net
