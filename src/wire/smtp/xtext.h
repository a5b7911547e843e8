// xtext.h: octets in the value of an ESMTP parameter (RFC 3461 §4).
//
//   xtext   = *( xchar / hexchar )
//   xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
//   hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posta::wire::smtp {

std::string xtext_encode(std::string_view octets);
std::optional<std::string> xtext_decode(std::string_view text);  // none: it is not xtext

}  // namespace posta::wire::smtp
