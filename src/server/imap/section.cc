#include "server/imap/section.h"

#include <algorithm>

namespace posta::server::imap {

namespace {

using wire::imap::Section;
using wire::message::Digest;
using wire::message::Part;

// Part numbers lead into the message; its own header has the prefix in front.
std::optional<Range> range_in_part(const Section& section, const Digest& digest,
                                   std::uint64_t prefix) {
  const Part* part = wire::message::find_part(digest, section.part);
  if (!part) return std::nullopt;
  const Part* root = &digest.parts.front();
  auto between = [&](std::uint64_t from, std::uint64_t to) {
    // The message's own header begins with the prefix.
    std::uint64_t first = from == 0 && part == root ? 0 : from + prefix;
    return Range{first, to + prefix - first};
  };
  switch (section.what) {
    case Section::What::whole: return between(part->body_start, part->body_end);
    case Section::What::mime: return between(part->header_start, part->body_start);
    default: break;
  }
  // RFC 3501 §6.4.5: HEADER and TEXT "refer to the [RFC-2822] header … of the message/rfc822 part".
  if (!part->is_message()) return std::nullopt;
  const Part& inner = part[1];
  if (section.what == Section::What::text) return between(inner.body_start, inner.body_end);
  return between(inner.header_start, inner.body_start);
}

}  // namespace

std::optional<Range> range_of(const Section& section, std::uint64_t header_size,
                              const Digest& digest, std::uint64_t prefix) {
  if (!section.part.empty()) return range_in_part(section, digest, prefix);
  const std::uint64_t body = prefix + header_size, size = prefix + digest.size;
  switch (section.what) {
    case Section::What::whole: return Range{0, size};
    case Section::What::text: return Range{body, size - body};
    default: return Range{0, body};
  }
}

Range cut(Range range, std::pair<std::uint64_t, std::uint64_t> partial) {
  std::uint64_t skipped = std::min(range.length, partial.first);
  return {range.offset + skipped, std::min(range.length - skipped, partial.second)};
}

bool FieldSelection::put(std::string& out, std::size_t most) {
  wire::message::Field field;
  for (; most > 0; --most) {
    if (!reader_.next(field)) return false;
    if (names_.has(field.name) != others_) out += header_.substr(field.offset, field.length);
  }
  return true;
}

void end_fields(std::string& fields) {
  // A header that was cut short may end without a line end.
  if (!fields.empty() && !fields.ends_with('\n')) fields += "\r\n";
  fields += "\r\n";
}

}  // namespace posta::server::imap
