#include "net/tls_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>

#include "base/check.h"
#include "net/tls_transport.h"

namespace posta::net::tls {

namespace {

// --- a provider whose randomness is an executor's

struct Source {
  Executor* executor = nullptr;
};

struct Generator {
  Source* source;
  int state;
};

void* new_generator(void* source, void*, const OSSL_DISPATCH*) {
  return new Generator{static_cast<Source*>(source), EVP_RAND_STATE_UNINITIALISED};
}
void free_generator(void* generator) {
  delete static_cast<Generator*>(generator);
}
int instantiate(void* generator, unsigned, int, const unsigned char*, std::size_t,
                const OSSL_PARAM*) {
  static_cast<Generator*>(generator)->state = EVP_RAND_STATE_READY;
  return 1;
}
int uninstantiate(void* generator) {
  static_cast<Generator*>(generator)->state = EVP_RAND_STATE_UNINITIALISED;
  return 1;
}
int generate(void* generator, unsigned char* out, std::size_t size, unsigned, int,
             const unsigned char*, std::size_t) {
  Source& source = *static_cast<Generator*>(generator)->source;
  if (!source.executor) return 0;
  source.executor->fill_random(std::span(out, size));
  return 1;
}
int enable_locking(void*) {
  return 1;
}
int get_parameters(void* generator, OSSL_PARAM* wanted) {
  constexpr unsigned kStrengthBits = 256;
  constexpr std::size_t kRequestOctetsMax = 1_MiB;
  OSSL_PARAM* one = OSSL_PARAM_locate(wanted, OSSL_RAND_PARAM_STATE);
  if (one && !OSSL_PARAM_set_int(one, static_cast<Generator*>(generator)->state)) return 0;
  one = OSSL_PARAM_locate(wanted, OSSL_RAND_PARAM_STRENGTH);
  if (one && !OSSL_PARAM_set_uint(one, kStrengthBits)) return 0;
  one = OSSL_PARAM_locate(wanted, OSSL_RAND_PARAM_MAX_REQUEST);
  return !one || OSSL_PARAM_set_size_t(one, kRequestOctetsMax);
}

using Function = void (*)();
const OSSL_DISPATCH kGenerator[] = {
    {OSSL_FUNC_RAND_NEWCTX, reinterpret_cast<Function>(new_generator)},
    {OSSL_FUNC_RAND_FREECTX, reinterpret_cast<Function>(free_generator)},
    {OSSL_FUNC_RAND_INSTANTIATE, reinterpret_cast<Function>(instantiate)},
    {OSSL_FUNC_RAND_UNINSTANTIATE, reinterpret_cast<Function>(uninstantiate)},
    {OSSL_FUNC_RAND_GENERATE, reinterpret_cast<Function>(generate)},
    {OSSL_FUNC_RAND_ENABLE_LOCKING, reinterpret_cast<Function>(enable_locking)},
    {OSSL_FUNC_RAND_GET_CTX_PARAMS, reinterpret_cast<Function>(get_parameters)},
    {0, nullptr}};
const OSSL_ALGORITHM kAlgorithms[] = {{"POSTA-SEEDED", "provider=posta-seeded", kGenerator, ""},
                                      {nullptr, nullptr, nullptr, nullptr}};

const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) {
  *no_cache = 0;
  return operation == OSSL_OP_RAND ? kAlgorithms : nullptr;
}
void tear_down(void* source) {
  delete static_cast<Source*>(source);
}
const OSSL_DISPATCH kProvider[] = {
    {OSSL_FUNC_PROVIDER_TEARDOWN, reinterpret_cast<Function>(tear_down)},
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<Function>(query)},
    {0, nullptr}};

int open_provider(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** out,
                  void** context) {
  *context = new Source;
  *out = kProvider;
  return 1;
}

}  // namespace

std::string complaint() {
  unsigned long code = ERR_peek_last_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  std::string words = reason ? reason : "no reason given";
  ERR_clear_error();
  return words;
}

Result<std::shared_ptr<const Library>> Library::open(Executor* entropy) {
  std::shared_ptr<Library> library(new Library);
  library->bio_.reset(make_bio_method());
  if (!library->bio_) return fail(Error::Kind::unavailable, "OpenSSL: " + complaint());
  if (entropy) TRY_VOID(library->seed(*entropy));
  return library;
}

Result<> Library::seed(Executor& entropy) {
  constexpr const char* kName = "posta-seeded";
  state_ = OSSL_LIB_CTX_new();
  if (state_) defaults_ = OSSL_PROVIDER_load(state_, "default");
  if (!defaults_ || !OSSL_PROVIDER_add_builtin(state_, kName, open_provider) ||
      !RAND_set_DRBG_type(state_, "POSTA-SEEDED", nullptr, nullptr, nullptr) ||
      !(seeded_ = OSSL_PROVIDER_load(state_, kName)))
    return fail(Error::Kind::unavailable, "OpenSSL with randomness of our own: " + complaint());
  static_cast<Source*>(OSSL_PROVIDER_get0_provider_ctx(seeded_))->executor = &entropy;
  return {};
}

Library::~Library() {
  bio_.reset();
  if (seeded_) OSSL_PROVIDER_unload(seeded_);
  if (defaults_) OSSL_PROVIDER_unload(defaults_);
  if (state_) OSSL_LIB_CTX_free(state_);
}

bool Library::fill_random(std::span<unsigned char> out) const {
  return RAND_priv_bytes_ex(state_, out.data(), out.size(), 0) == 1;
}

Result<Context> new_context(const Library& library, const SSL_METHOD* method) {
  // TLS 1.2: forward secrecy always; authenticated encryption first. INTEROP: CBC last, for old
  // mail servers, which would else send in clear. The suites of 1.3 are OpenSSL's own.
  constexpr const char* kCiphers12 = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!PSK";
  constexpr const char* kGroups = "X25519:P-256:P-384";
  Context context(SSL_CTX_new_ex(library.state(), nullptr, method));
  // RFC 8996 §5: "TLS 1.1 MUST NOT be used."
  if (!context || !SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) ||
      !SSL_CTX_set_cipher_list(context.get(), kCiphers12) ||
      !SSL_CTX_set1_groups_list(context.get(), kGroups))
    return fail(Error::Kind::unavailable, "OpenSSL: " + complaint());
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);  // a record costs one read of the transport, not two
  return context;
}

}  // namespace posta::net::tls
