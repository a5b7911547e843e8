// digest_laws.h: what is true of every digest, whatever the message. For tests and fuzz targets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "wire/message/digest.h"
#include "wire/message/header.h"

namespace posta::wire::message {

// Reads one IMAP value: "(" values ")", quoted, literal, NIL or number (RFC 3501 §9). Returns what
// follows, or nothing if it is malformed.
inline std::optional<std::string_view> skip_imap_value(std::string_view text) {
  int depth = 0;
  do {
    while (depth > 0 && text.starts_with(' ')) text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    char c = text.front();
    text.remove_prefix(1);
    if (c == '(') {
      ++depth;
    } else if (c == ')') {
      if (depth-- == 0) return std::nullopt;
    } else if (c == '"') {
      while (!text.empty() && text.front() != '"') {
        if (text.front() == '\\') text.remove_prefix(1);
        if (text.empty()) return std::nullopt;
        unsigned char q = static_cast<unsigned char>(text.front());
        if (q >= 0x80 || q == 0 || q == '\r' || q == '\n') return std::nullopt;
        text.remove_prefix(1);
      }
      if (text.empty()) return std::nullopt;
      text.remove_prefix(1);
    } else if (c == '{') {
      auto size = to_number<std::size_t>(text.substr(0, text.find("}\r\n")));
      std::size_t start = text.find("}\r\n") + 3;
      if (!size || *size > text.size() - start) return std::nullopt;
      if (text.substr(start, *size).find('\0') != text.npos) return std::nullopt;
      text.remove_prefix(start + *size);
    } else if (c == 'N' && text.starts_with("IL")) {
      text.remove_prefix(2);
    } else if (is_digit(c)) {
      while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  } while (depth > 0);
  return text;
}

inline bool is_imap_list(std::string_view text) {
  auto rest = skip_imap_value(text);
  return text.starts_with('(') && rest && rest->empty();
}

// The first law that `d` breaks, or an empty string.
inline std::string broken_law(const Digest& d, const Limits& limits = {}) {
  if (d.parts.empty() || d.parts.size() > limits.parts_max) return "number of parts";
  if (d.parts[0].header_start != 0 || d.parts[0].body_end != d.size)
    return "the root is the message";
  for (std::uint32_t i = 0; i < d.parts.size(); ++i) {
    const Part& p = d.parts[i];
    if (p.header_start > p.body_start || p.body_start > p.body_end) return "order of offsets";
    const Part& parent = d.parts[p.parent];
    if (i > 0 && p.parent >= i) return "parents come first";
    if (p.header_start < (i == 0 ? 0 : parent.body_start) || p.body_end > parent.body_end)
      return "parts lie in their parent";
    if (p.end <= i || p.end > d.parts.size() || p.end > parent.end) return "subtrees nest";
    if ((p.end > i + 1) != (p.is_multipart() || p.is_message())) return "only containers contain";
    if (p.is_message() && d.parts[i + 1].end != p.end) return "a message has one root";
    if (p.lines > p.body_size()) return "lines fit";
    if (p.type.empty() || p.subtype.empty() || p.encoding.empty()) return "every part has a type";
  }
  std::uint64_t total = 0;
  for (const FieldRange& f : d.fields) total += f.length;
  if (total > d.header_size() || d.header_size() - total > 2) return "fields cover the header";
  if (!is_imap_list(d.envelope)) return "ENVELOPE parses";
  if (!is_imap_list(d.bodystructure)) return "BODYSTRUCTURE parses";
  if (!is_imap_list(print_body(d, false))) return "BODY parses";
  if (print_body(d, true) != d.bodystructure) return "BODYSTRUCTURE is printed from the parts";
  for (std::string_view text : {std::string_view(d.preview), std::string_view(d.subject),
                                std::string_view(d.from), std::string_view(d.base_subject)})
    if (!is_utf8(text)) return "decoded text is UTF-8";
  std::string record = encode(d);
  auto back = decode(record);
  if (!back || !(*back == d)) return "a record reads back";
  auto view = DigestView::open(record);
  if (!view || view->envelope() != d.envelope || view->bodystructure() != d.bodystructure ||
      view->preview() != d.preview || view->base_subject() != d.base_subject ||
      view->date() != d.date || view->header_size() != d.header_size())
    return "a view shows the record";
  return {};
}

// The law of kept fields that `d`, the digest of `message`, breaks.
inline std::string broken_law_of_kept(const Digest& d, std::string_view message,
                                      const Limits& limits = {}) {
  if (d.kept.size() > limits.kept_octets_max) return "what is kept is bounded";
  std::string kept;
  std::uint64_t offset = 0;
  for (const FieldRange& f : d.fields) {
    if (f.kept) kept += message.substr(offset, f.length);
    offset += f.length;
  }
  if (kept != d.kept) return "what is kept is what stands in the message";
  std::string record = encode(d);
  auto view = DigestView::open(record);
  for (const char* name : {"Subject", "FROM", "to", "x-own", "received"}) {
    std::string said = "before ", wanted = said;
    bool told = view && view->put_fields(FieldNames({name}), said);
    HeaderReader reader(message.substr(0, d.header_size()));
    for (Field field; told && reader.next(field);)
      if (equals_ignore_case(field.name, name))
        wanted += message.substr(field.offset, field.length);
    if (said != wanted) return "fields from the record are those of the message";
  }
  return {};
}

// The digest of `message` cut into pieces whose sizes follow from `seed`.
inline Digest digest_of_pieces(std::string_view message, std::uint64_t seed,
                               const Limits& limits = {}) {
  DigestBuilder builder(limits);
  while (!message.empty()) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    std::size_t n = (seed >> 33) % 3 == 0 ? 1 : 1 + (seed >> 40) % 97;
    n = std::min(n, message.size());
    builder.feed(message.substr(0, n));
    message.remove_prefix(n);
  }
  return builder.finish();
}

}  // namespace posta::wire::message
