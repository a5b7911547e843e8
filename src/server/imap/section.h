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
#include "wire/message/field_name.h"
#include "wire/message/header.h"

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

// Fields of a header with these names, or with all others. Some at a time, since a header may have
// many.
class FieldSelection {
 public:
  // `header` and `names` must outlive the selection.
  FieldSelection(std::string_view header, const wire::message::FieldNames& names, bool others)
      : header_(header), names_(names), others_(others), reader_(header) {}

  // Looks at the next `most` fields at most, and appends those that are selected. False: there are
  // no more.
  bool put(std::string& out, std::size_t most);

 private:
  std::string_view header_;
  const wire::message::FieldNames& names_;
  bool others_;
  wire::message::HeaderReader reader_;
};
// Appends what follows the fields that were selected: the blank line.
void end_fields(std::string& fields);

}  // namespace posta::server::imap
