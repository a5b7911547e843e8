// proxy.h: the header by which a proxy says for whom it has connected.
//
// "The PROXY protocol, versions 1 & 2" (HAProxy project, doc/proxy-protocol.txt); sections below
// are of that text. Which listener expects a header is a matter of configuration, never of looking
// at the input (§5): a listener that expects one takes nothing else, and only from trusted
// addresses.
//
//   v1   "PROXY" SP ("TCP4" | "TCP6") SP source SP destination SP port SP port CRLF
//        "PROXY" SP "UNKNOWN" *(any but CR, LF) CRLF                      at most 107 octets
//   v2   %x0D.0A.0D.0A.00.0D.0A.51.55.49.54.0A  version|command  family|protocol  length(2)
//        addresses  *( type length(2) value )
//
// Pure; the input is looked at from its beginning each time, and it is short.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "net/endpoint.h"

namespace posta::net {

struct ProxyEnds {
  Endpoint source;       // the client
  Endpoint destination;  // where it connected to
  friend bool operator==(const ProxyEnds&, const ProxyEnds&) = default;
};

struct ProxyHeader {
  // Absent: the connection's own ends count (LOCAL: a health check; UNKNOWN; not TCP over IP).
  std::optional<ProxyEnds> ends;
  bool tls = false;        // v2: the client spoke TLS to the proxy (PP2_CLIENT_SSL)
  std::string authority;   // v2: the host name it asked for, such as SNI; empty: unknown
  std::size_t octets = 0;  // length of the header: to be consumed
};

// Octets of a whole header. v1: §2.1. v2 could say 65,551; beyond ours it is Error{limit}.
constexpr Octets kProxyV1OctetsMax = 107;
constexpr Octets kProxyV2OctetsMax = 4_KiB;

// Nothing: so far it is the beginning of a header. Error{syntax} or Error{limit}: it is none, and
// more input cannot help; the connection is to be closed without a word.
Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view input);

// Without ends: "PROXY UNKNOWN", respectively LOCAL. The ends are of one family, else: UNKNOWN.
std::string print_proxy_v1(const std::optional<ProxyEnds>& ends);
std::string print_proxy_v2(const ProxyHeader& header);  // with its checksum

}  // namespace posta::net
