// tls_certificate.cc: certificates and keys as files have them, and one that signs itself.

#include <openssl/ec.h>
#include <openssl/pem.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "net/tls_library.h"

namespace posta::net {

namespace tls {

namespace {

using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

Failure wrong(const TlsCertificate& certificate, std::string_view what) {
  return fail(Error::Kind::config, fmt::format("{}: {}", certificate.source, what));
}

Bio bio_of(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Nobody is there to type a passphrase.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::string text_of(const ASN1_STRING* text) {
  const auto* octets = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
  return to_lower(std::string_view(octets, static_cast<std::size_t>(ASN1_STRING_length(text))));
}

std::string name_of(const X509_NAME* name) {
  Bio text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), name, 0,
                     XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ & ~ASN1_STRFLGS_ESC_MSB);
  char* octets = nullptr;
  long size = BIO_get_mem_data(text.get(), &octets);
  return std::string(octets, static_cast<std::size_t>(size));
}

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (!ASN1_TIME_to_tm(time, &parts)) return {};
  using namespace std::chrono;
  year_month_day date(year(parts.tm_year + 1900), month(static_cast<unsigned>(parts.tm_mon + 1)),
                      day(static_cast<unsigned>(parts.tm_mday)));
  return sys_days(date) + hours(parts.tm_hour) + minutes(parts.tm_min) + seconds(parts.tm_sec);
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> out;
  Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) out.push_back(text_of(name->d.dNSName));
  }
  // RFC 6125 §6.4.4: the common name counts only where there is no DNS name.
  if (!out.empty()) return out;
  X509_NAME* subject = X509_get_subject_name(certificate);
  int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) out.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  return out;
}

}  // namespace

CertificateInfo describe(X509* certificate) {
  CertificateInfo info;
  info.names = names_of(certificate);
  info.not_before = time_of(X509_get0_notBefore(certificate));
  info.not_after = time_of(X509_get0_notAfter(certificate));
  // Not X509_check_issued: ours may sign nothing, itself excepted (keyUsage).
  info.self_signed = (X509_get_extension_flags(certificate) & EXFLAG_SS) != 0;
  info.issuer = name_of(X509_get_issuer_name(certificate));
  return info;
}

void describe_chain(const std::vector<Certificate>& chain, X509* leaf, CertificateInfo& info) {
  info.alone = chain.empty();
  for (const Certificate& issuer : chain) {
    if (X509_check_issued(issuer.get(), leaf) != X509_V_OK) info.in_order = false;
    leaf = issuer.get();
  }
}

// "If the certificate's signatureAlgorithm uses a single hash function, and that hash function is
// either MD5 or SHA-1, then use SHA-256" (RFC 5929 §4.1).
std::string end_point_of(X509* certificate) {
  int digest = NID_undef;
  if (!OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, nullptr)) return {};
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* hash = digest == NID_undef ? nullptr : EVP_get_digestbynid(digest);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!hash || !X509_digest(certificate, hash, out, &size)) return {};
  return std::string(reinterpret_cast<char*>(out), size);
}

Result<Identity> load(const Library& library, const TlsCertificate& certificate) {
  Identity out;
  bool asked = false;
  Bio chain = bio_of(certificate.chain_pem);
  for (;;) {
    X509* one = X509_new_ex(library.state(), nullptr);
    if (!PEM_read_bio_X509(chain.get(), &one, no_passphrase, &asked)) {
      X509_free(one);
      break;
    }
    Certificate& place = out.leaf ? out.chain.emplace_back() : out.leaf;
    place.reset(one);
  }
  unsigned long last = ERR_peek_last_error();
  bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  std::string why = complaint();
  if (!out.leaf)
    return wrong(certificate, at_end ? "no certificate in it (PEM: -----BEGIN CERTIFICATE-----)"
                                     : "not a certificate: " + why);
  if (!at_end) return wrong(certificate, "a broken certificate in the chain: " + why);
  Bio key = bio_of(certificate.key_pem);
  out.key.reset(PEM_read_bio_PrivateKey_ex(key.get(), nullptr, no_passphrase, &asked,
                                           library.state(), nullptr));
  if (!out.key) {
    why = complaint();
    if (asked)
      return wrong(certificate, "the key needs a passphrase; store it without: openssl pkey");
    return wrong(certificate, "no private key (PEM: -----BEGIN PRIVATE KEY-----): " + why);
  }
  if (X509_check_private_key(out.leaf.get(), out.key.get()) != 1) {
    const bool later = std::ranges::any_of(out.chain, [&](const Certificate& one) {
      return X509_check_private_key(one.get(), out.key.get()) == 1;
    });
    ERR_clear_error();
    return wrong(certificate,
                 later ? "the key belongs to a later certificate in it: turn the order, the host's "
                         "own certificate first, then each followed by that of its issuer"
                       : "the key belongs to another certificate");
  }
  out.info = describe(out.leaf.get());
  describe_chain(out.chain, out.leaf.get(), out.info);
  out.info.source = certificate.source;
  return out;
}

Result<> use(SSL_CTX* context, const Identity& identity) {
  std::unique_ptr<STACK_OF(X509), Free<[](STACK_OF(X509) * s) { sk_X509_free(s); }>> chain(
      sk_X509_new_null());
  for (const Certificate& one : identity.chain) sk_X509_push(chain.get(), one.get());
  if (SSL_CTX_use_cert_and_key(context, identity.leaf.get(), identity.key.get(), chain.get(), 1))
    return {};
  return fail(Error::Kind::config,
              fmt::format("{}: OpenSSL refuses it: {}", identity.info.source, complaint()));
}

}  // namespace tls

bool CertificateInfo::covers(std::string_view host) const {
  std::string wanted = to_lower(host);
  std::size_t dot = wanted.find('.');
  return std::ranges::any_of(names, [&](const std::string& name) {
    if (name == wanted) return true;
    // RFC 6125 §6.4.3: a wildcard is the whole left-most label and stands for one label.
    return name.starts_with("*.") && dot != std::string::npos && dot > 0 &&
           std::string_view(name).substr(1) == std::string_view(wanted).substr(dot);
  });
}

// --- a certificate that signs itself

namespace {

using Extension = std::unique_ptr<X509_EXTENSION, tls::Free<X509_EXTENSION_free>>;

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  CHECK(extension && X509_add_ext(certificate, extension.get(), -1));
}

void set_time(ASN1_TIME* field, WallTime time) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  CHECK(ASN1_TIME_set(field, seconds));
}

void set_serial(X509* certificate) {
  unsigned char octets[16];
  CHECK(RAND_bytes(octets, sizeof octets) == 1);
  octets[0] &= 0x7F;  // RFC 5280 §4.1.2.2: positive
  octets[0] |= 0x40;
  std::unique_ptr<BIGNUM, tls::Free<BN_free>> number(BN_bin2bn(octets, sizeof octets, nullptr));
  CHECK(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)));
}

std::string pem_of(auto write) {
  tls::Bio out(BIO_new(BIO_s_mem()));
  CHECK(out && write(out.get()) == 1);
  char* octets = nullptr;
  long size = BIO_get_mem_data(out.get(), &octets);
  return std::string(octets, static_cast<std::size_t>(size));
}

}  // namespace

TlsCertificate self_signed_certificate(const std::vector<std::string>& names, WallTime now,
                                       std::chrono::days life) {
  CHECK(!names.empty());
  constexpr std::size_t kCommonNameOctetsMax = 64;  // RFC 5280 Appendix A.1, ub-common-name
  tls::Key key(EVP_EC_gen("P-256"));
  tls::Certificate certificate(X509_new());
  CHECK(key && certificate && X509_set_version(certificate.get(), X509_VERSION_3));
  set_serial(certificate.get());
  set_time(X509_getm_notBefore(certificate.get()), now - std::chrono::days(1));  // clocks differ
  set_time(X509_getm_notAfter(certificate.get()), now + life);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  std::string name = names.front().substr(0, kCommonNameOctetsMax);
  CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                   0));
  CHECK(X509_set_issuer_name(certificate.get(), subject));
  CHECK(X509_set_pubkey(certificate.get(), key.get()));
  std::string all;
  for (const std::string& one : names)
    all += (all.empty() ? "" : ",") + std::string(IpAddress::parse(one) ? "IP:" : "DNS:") + one;
  add_extension(certificate.get(), NID_subject_alt_name, all);
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(certificate.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  CHECK(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  TlsCertificate out;
  out.chain_pem = pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  out.key_pem = pem_of([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  out.source = "self-signed";
  return out;
}

}  // namespace posta::net
