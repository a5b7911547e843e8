// structure_json.h: a digest for people and programs: what `posta tool mime FILE` prints.
//
//   {"size", "headerSize", "subject", "from", "date", "preview", "envelope", "bodyStructure",
//    "body", "messageId", "references", "headers": [{"name", "value", "offset", "length"}],
//    "structure": {"section", "type", …, "parts": [ … ]}}
//
// `section` is what IMAP calls the part; the root has the empty one.
#pragma once

#include <string>
#include <string_view>

#include "wire/message/digest.h"

namespace posta::wire::message {

// `message` are the octets that `digest` was made of.
std::string structure_json(const Digest& digest, std::string_view message);

}  // namespace posta::wire::message
