// text_of.h: what a part says, decoded.
#pragma once

#include <string>
#include <string_view>

#include "wire/message/digest.h"

namespace posta::wire::message {

// The text of a text part as UTF-8, from the octets of its body (or their beginning). Line ends are
// as sent; format=flowed stays flowed.
std::string decoded_text(const Part& part, std::string_view body);

// The same for a part of a whole message.
std::string text_of(const Part& part, std::string_view message);

// The octets of a part after its transfer encoding.
std::string octets_of(const Part& part, std::string_view message);

}  // namespace posta::wire::message
