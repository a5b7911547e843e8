#include "wire/pop3/capa.h"

#include <fmt/format.h>

#include "wire/pop3/reply.h"

namespace posta::wire::pop3 {

void print_capa(std::string& out, const Capabilities& c) {
  print_reply(out, Reply::yes("Capability list follows"));
  auto line = [&out](bool offered, std::string_view words) {
    if (offered) out.append(words).append("\r\n");
  };
  line(c.top, "TOP");
  line(c.user, "USER");
  if (!c.sasl.empty()) line(true, fmt::format("SASL {}", fmt::join(c.sasl, " ")));
  line(c.resp_codes, "RESP-CODES");
  if (c.login_delay) line(true, fmt::format("LOGIN-DELAY {}", *c.login_delay));
  line(c.pipelining, "PIPELINING");
  if (c.expire)
    line(true,
         c.expire->days ? fmt::format("EXPIRE {}", *c.expire->days) : std::string("EXPIRE NEVER"));
  line(c.uidl, "UIDL");
  line(c.auth_resp_code, "AUTH-RESP-CODE");
  line(c.stls, "STLS");
  line(c.utf8, c.utf8_user ? "UTF8 USER" : "UTF8");
  line(c.lang, "LANG");
  if (!c.implementation.empty()) line(true, fmt::format("IMPLEMENTATION {}", c.implementation));
  out += kEndOfList;
}

}  // namespace posta::wire::pop3
