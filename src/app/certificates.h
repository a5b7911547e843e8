// certificates.h: the certificates and keys that the configuration names.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/events.h"
#include "net/tls.h"

namespace posta::app {

// All files that [tls] names, absolute: certificates and keys.
std::vector<std::string> tls_files(const Config& config);

// Where they are read from: the disk, or what somebody with more rights has read. By absolute path.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;
Result<std::string> read_file(const std::string& path);

// Error{config} names the file. Empty if no certificate is configured.
Result<std::vector<net::TlsCertificate>> read_certificates(const Config& config,
                                                           const ReadFile& read);
// Null if no certificate is configured.
Result<std::shared_ptr<net::TlsServer>> make_tls(const Config& config, const ReadFile& read);

// What is to be said of them: who cannot be read, is open to others, expires or names another host.
struct Finding {
  bool wrong = false;
  std::string what;  // one line
};
std::vector<Finding> look_at_certificates(const Config& config, WallTime now);

// A certificate is near its end when less than this is left.
inline constexpr std::chrono::days kExpiryWarning{14};
// Warns in the log of those that are.
void warn_of_expiry(const net::TlsServer& tls, Events& events, WallTime now);

}  // namespace posta::app
