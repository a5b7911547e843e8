// question.h: what VRFY and EXPN share.
#pragma once

#include <string_view>

#include "mail/address.h"
#include "mail/reply.h"

namespace posta::server::smtp {

// The address that is asked about: "ann@example.org", "<ann@example.org>", or "ann", whose domain
// is left empty (RFC 5321 §3.5.1: "the string is a user name or a user name and domain").
Result<Address> asked_address(std::string_view text);

// RFC 6531 §3.7.4.2: a reply that needs UTF-8 where the client has not allowed it becomes 252 2.6.8
// or 550 5.6.8.
Reply utf8_permitted(Reply said, bool smtputf8);

}  // namespace posta::server::smtp
