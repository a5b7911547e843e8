#include "app/certificates.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "app/events.h"
#include "base/text.h"

namespace posta::app {

namespace {

std::string date_of(WallTime time) {
  std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}-{:02}-{:02}", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()));
}

std::string names_of(const net::CertificateInfo& info) {
  return fmt::format("{}", fmt::join(info.names, ", "));
}

// What clients will say of who signed it.
std::string trust(const net::CertificateInfo& info) {
  if (info.self_signed) return "; signed by itself, so clients ask about it";
  if (!info.alone) return "";
  return "; without the certificate of its issuer, " + info.issuer +
         ": if clients do not know that one, use the whole chain (fullchain.pem)";
}

Finding judge(const net::CertificateInfo& info, WallTime now) {
  std::string what = info.source + " (" + names_of(info) + ")";
  auto days = std::chrono::floor<std::chrono::days>(info.not_after - now).count();
  if (info.not_after <= now)
    return {true, what + " has expired on " + date_of(info.not_after) + "; get a new one"};
  if (info.not_before > now)
    return {true,
            what + " is good only from " + date_of(info.not_before) + "; is the clock right?"};
  if (info.not_after - now < kExpiryWarning)
    return {true, fmt::format("{} expires in {} days, on {}; get a new one", what, days,
                              date_of(info.not_after))};
  if (!info.in_order)
    return {true, what +
                      ": its certificates stand in the wrong order; each must be followed by "
                      "the one of its issuer (fullchain.pem of most authorities is right)"};
  return {false, fmt::format("{} is good until {}{}", what, date_of(info.not_after), trust(info))};
}

// Keys are for their owner; a group may read them (ssl-cert of Debian), others may not.
void look_at_key(const std::string& path, std::vector<Finding>& out) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return;  // whoever reads it says so
  if (status.st_mode & 007)
    out.push_back({true, path + " can be read by everybody; run: chmod 600 " + path});
}

}  // namespace

std::vector<std::string> tls_files(const Config& config) {
  std::vector<std::string> out;
  for (const auto* names : {&config.tls_certificate, &config.tls_key})
    for (const std::string& name : *names) out.push_back(config.path(name));
  return out;
}

Result<std::string> read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in || in.bad())
    return fail(Error::Kind::config, fmt::format("cannot read {}: {}", path, strerror(errno)));
  return std::move(text).str();
}

Result<std::vector<net::TlsCertificate>> read_certificates(const Config& config,
                                                           const ReadFile& read) {
  std::vector<net::TlsCertificate> out;
  for (std::size_t i = 0; i < config.tls_certificate.size(); ++i) {
    net::TlsCertificate one;
    one.source = config.path(config.tls_certificate[i]);
    auto chain = read(one.source);
    if (!chain) return fail(chain.error().kind, config.at("tls.certificate") + chain.error().what);
    auto key = read(config.path(config.tls_key[i]));
    if (!key) return fail(key.error().kind, config.at("tls.key") + key.error().what);
    one.chain_pem = *std::move(chain);
    one.key_pem = *std::move(key);
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::shared_ptr<net::TlsServer>> make_tls(const Config& config, const ReadFile& read) {
  TRY(auto certificates, read_certificates(config, read));
  if (certificates.empty()) return nullptr;
  auto made =
      net::TlsServer::create({.certificates = std::move(certificates), .tls12 = config.tls12});
  if (!made) return fail(made.error().kind, config.at("tls.certificate") + made.error().what);
  return made;
}

std::vector<Finding> look_at_certificates(const Config& config, WallTime now) {
  std::vector<Finding> out;
  for (const std::string& key : config.tls_key) look_at_key(config.path(key), out);
  auto tls = make_tls(config, read_file);
  if (!tls) {
    out.push_back({true, tls.error().what});
    return out;
  }
  if (!*tls) {
    out.push_back({false, "no certificate (tls.certificate): everything goes in clear"});
    return out;
  }
  bool covered = false;
  for (const net::CertificateInfo& info : (*tls)->certificates()) {
    out.push_back(judge(info, now));
    covered = covered || info.covers(config.hostname.str());
  }
  if (!covered)
    out.push_back({true, "no certificate names " + config.hostname.str() +
                             " (hostname): clients that look will refuse it"});
  return out;
}

void warn_of_expiry(const net::TlsServer& tls, Events& events, WallTime now) {
  for (const net::CertificateInfo& info : tls.certificates())
    if (info.not_after - now < kExpiryWarning)
      events::certificate_expires(events, info.source, names_of(info), date_of(info.not_after));
}

}  // namespace posta::app
