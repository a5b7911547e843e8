// section.h: where a section of a message is (RFC 3501 §6.4.5), in the octets that its owner sees:
// the prefix of their own (Return-Path, …) and the shared message behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/imap/command.h"
#include "wire/message/digest.h"

namespace posta::server::imap {

struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// Nothing: there is no such part. For HEADER.FIELDS: the header in which they are looked for.
// `digest.parts` may be empty if the section names no part: then only its sizes are used.
std::optional<Range> range_of(const wire::imap::Section& section, std::uint64_t header_size,
                              const wire::message::Digest& digest, std::uint64_t prefix);

// "<first.count>" of `range`; beyond its end there is nothing (RFC 3501 §6.4.5: truncated).
Range cut(Range range, std::pair<std::uint64_t, std::uint64_t> partial);

// Appends the fields of `header` with these names, or with all others.
void select_fields(std::string_view header, const std::vector<std::string>& names, bool others,
                   std::string& out);
// Appends what follows the fields that were selected: the blank line.
void end_fields(std::string& fields);

}  // namespace posta::server::imap
