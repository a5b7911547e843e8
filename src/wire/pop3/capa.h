// capa.h: what a POP3 server can do (RFC 2449 §5, §6).
//
//   capa-resp  = single-line *capability "." CRLF                         RFC 2449 §3
//   capability = capa-tag *(SP param) CRLF         ;512 octets maximum
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace posta::wire::pop3 {

struct Capabilities {
  struct Expire {                       // RFC 2449 §6.7
    std::optional<std::uint32_t> days;  // none: NEVER
  };
  bool top = false;                               // §6.1
  bool user = false;                              // §6.2
  std::vector<std::string> sasl = {};             // §6.3; empty: not offered
  bool resp_codes = false;                        // §6.4
  std::optional<std::uint32_t> login_delay = {};  // §6.5, seconds
  bool pipelining = false;                        // §6.6
  std::optional<Expire> expire = {};
  bool uidl = false;                // §6.8
  std::string implementation = {};  // §6.9; empty: not said
  bool auth_resp_code = false;      // RFC 3206 §6
  bool stls = false;                // RFC 2595 §4
  bool utf8 = false;                // RFC 6856 §2
  bool utf8_user = false;           // RFC 6856 §2.2: "UTF8 USER"
  bool lang = false;                // RFC 6856 §3
};

// Appends the whole reply, from "+OK" to ".\r\n".
void print_capa(std::string& out, const Capabilities& capabilities);

}  // namespace posta::wire::pop3
