// prepare.h: passwords as they are compared, whatever keyboard they came from.
#pragma once

#include <string>
#include <string_view>

namespace posta::wire::sasl {

// RFC 8265 §4.2, OpaqueString: ASCII as it is; other UTF-8 with its spaces as U+0020, in form C,
// case kept. What is not UTF-8 stays as it is. For the strings that both take it is what SASLprep
// (RFC 4013 §2), which RFC 5802 names, makes of them, less compatibility forms (DEVIATION: the
// successor of SASLprep keeps those apart).
std::string prepare_password(std::string_view password);

}  // namespace posta::wire::sasl
