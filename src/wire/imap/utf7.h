// utf7.h: mailbox names on the wire, modified UTF-7 (RFC 3501 §5.1.3), and as we keep them, UTF-8.
//
//   "&" in a name is "&-"; what is not printable ASCII is "&" base64 "-", of UTF-16BE, with "," for
//   "/" and without padding
//
// One name has one form: what is encoded without need, or not as it should be, is no name. Else two
// spellings would be one mailbox, and "&ACo-" would be a "*" in the pattern of a LIST.
// INTEROP: UTF-8 written plainly (RFC 9051 §5.1 has it so) is read too.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posta::wire::imap {

// Nothing: not modified UTF-7.
std::optional<std::string> decode_utf7(std::string_view name);

// `name` is UTF-8; what is not becomes U+FFFD.
std::string encode_utf7(std::string_view name);

}  // namespace posta::wire::imap
