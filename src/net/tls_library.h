// tls_library.h: OpenSSL as net/tls_*.cc use it; nobody else sees it (CONTRIBUTING: adapters).
#pragma once

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls.h"

namespace posta::net::tls {

template <auto release>
struct Free {
  template <class T>
  void operator()(T* thing) const {
    release(thing);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using BioMethod = std::unique_ptr<BIO_METHOD, Free<BIO_meth_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Ssl = std::unique_ptr<SSL, Free<SSL_free>>;

// What OpenSSL last complained about, in its words; forgets it.
std::string complaint();
// Why a handshake or connection failed, for people; forgets OpenSSL's words.
Error explain(const SSL* ssl);

// The library's state: that of the process, or one whose randomness comes from an executor
// (docs/design/0004): then handshakes of a simulated world are the same octets in each run.
class Library {
 public:
  static Result<std::shared_ptr<const Library>> open(Executor* entropy);
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library();

  OSSL_LIB_CTX* state() const { return state_; }        // null: the process's
  const BIO_METHOD* bio() const { return bio_.get(); }  // of TlsTransport
  bool fill_random(std::span<unsigned char> out) const;

 private:
  Library() = default;
  Result<> seed(Executor& entropy);

  OSSL_LIB_CTX* state_ = nullptr;
  OSSL_PROVIDER* defaults_ = nullptr;
  OSSL_PROVIDER* seeded_ = nullptr;
  BioMethod bio_;
};

// The versions, ciphers and groups that we speak, as either side.
Result<Context> new_context(const Library& library, const SSL_METHOD* method);

// A certificate with its key, as a file has it.
struct Identity {
  Certificate leaf;
  std::vector<Certificate> chain;  // the rest, towards the root
  Key key;
  CertificateInfo info;
};
// Error{config} names the source.
Result<Identity> load(const Library& library, const TlsCertificate& certificate);
Result<> use(SSL_CTX* context, const Identity& identity);
CertificateInfo describe(X509* certificate);
// RFC 5929 §4.1; empty where it is not defined.
std::string end_point_of(X509* certificate);

}  // namespace posta::net::tls
