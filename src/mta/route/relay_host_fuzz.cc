// Property: a line is refused or read to a relay host whose line, but for a password, reads to the
// same; and a password never goes without TLS but to loopback.
#include "base/check.h"
#include "mta/route/relay_host.h"
#include "net/endpoint.h"

using namespace posta;
using namespace posta::mta;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto relay = parse_relay_host(input);
  if (!relay) return 0;
  bool secret = !relay->password.empty() || !relay->password_file.empty();
  CHECK(secret == !relay->user.empty());
  auto ip = net::IpAddress::parse(relay->host);
  CHECK(!secret || relay->tls == TlsLevel::encrypt || relay->tls == TlsLevel::verify ||
        (ip && ip->is_loopback()));
  if (!relay->password.empty()) {
    CHECK(relay->str().ends_with(" password=(not shown)"));
    return 0;
  }
  auto again = parse_relay_host(relay->str());
  CHECK(again && again->str() == relay->str() && again->host == relay->host &&
        again->look_up_mx == relay->look_up_mx && again->port == relay->port &&
        again->tls == relay->tls && again->implicit_tls == relay->implicit_tls);
  return 0;
}
