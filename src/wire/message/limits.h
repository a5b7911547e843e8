// limits.h: how much of a message is looked at. Beyond a limit the rest is opaque, never an error.
//
// A message that crosses a limit is still accepted, stored and served whole; only its digest says
// less: the part that was open runs to the end, or the field is not in the index.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.h"

namespace posta::wire::message {

struct Limits {
  Octets header_octets_max = 256_KiB;          // of one header; the rest of it is not looked at
  Octets headers_octets_max = 1_MiB;           // of all headers in a message, parts included
  std::uint32_t fields_max = 1000;             // fields in the index of the message's own header
  Octets kept_field_octets_max = 1_KiB;        // of one field that the digest keeps as it is
  Octets kept_octets_max = 4_KiB;              // of all these fields
  std::uint32_t parts_max = 1000;              // body parts, embedded messages included
  std::uint32_t depth_max = 50;                // multipart and message/rfc822 inside each other
  std::uint32_t parameters_max = 64;           // of one Content-Type or Content-Disposition
  std::uint32_t addresses_max = 2000;          // of one kind of address field (To, Cc, …)
  std::uint32_t references_max = 100;          // message ids kept: the first and the newest
  Octets value_octets_max = 4_KiB;             // of one parameter, description, location, …
  Octets preview_octets_max = 16_KiB;          // of encoded text looked at for the preview
  std::uint32_t preview_characters_max = 200;  // RFC 8970 §4.1
};

// A delimiter line is recognised by its first octets, so the boundary has a fixed room.
// RFC 2046 §5.1.1 allows 70. INTEROP: some senders write a few more.
inline constexpr std::size_t kBoundaryOctetsMax = 200;

inline constexpr LimitInfo kLimitInfos[] = {
    {"message.header_octets_max", "octets", "the rest of the header is opaque", ""},
    {"message.headers_octets_max", "octets", "later part headers are opaque", ""},
    {"message.fields_max", "fields", "later fields are one nameless range", ""},
    {"message.kept_field_octets_max", "octets", "the field is read from the message", ""},
    {"message.kept_octets_max", "octets", "later fields are read from the message", ""},
    {"message.parts_max", "parts", "the open part runs to the end", ""},
    {"message.depth_max", "levels", "the part is application/octet-stream", "RFC 2046 §5.1"},
    {"message.parameters_max", "parameters", "later parameters are dropped", "RFC 2045 §5.1"},
    {"message.addresses_max", "addresses", "later addresses are dropped", "RFC 5322 §3.4"},
    {"message.references_max", "message ids", "those in the middle are dropped", "RFC 5322 §3.6.4"},
    {"message.value_octets_max", "octets", "the value is cut", ""},
    {"message.preview_octets_max", "octets", "the preview is shorter", "RFC 8970 §4.1"},
    {"message.preview_characters_max", "characters", "the preview is cut", "RFC 8970 §4.1"},
};

}  // namespace posta::wire::message
