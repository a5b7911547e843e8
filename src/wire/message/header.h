// header.h: a header cut into fields (RFC 5322 §2.2), without understanding them.
//
//   fields     = *(field / nameless) [blank line]
//   field      = name *WSP ":" body CRLF        body may be folded: CRLF before WSP (§2.2.3)
//
// Never fails. A line that is no field and continues none is a field with an empty name, so that
// the fields always cover the header without a gap. Lines end with LF; a CR before it belongs to
// the line end; a bare CR is an ordinary octet. The first empty line ends the header.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace posta::wire::message {

struct Field {
  std::string_view name;   // as written; empty: not a field
  std::string_view body;   // after the colon, folded as written, without the last line end
  std::size_t offset = 0;  // of the name, in the header
  std::size_t length = 0;  // with the last line end
};

class HeaderReader {
 public:
  explicit HeaderReader(std::string_view header) : header_(header) {}

  // The next field, until the header ends. Everything points into the header.
  bool next(Field& field);

  // Where the next field would begin.
  std::size_t offset() const { return at_; }

 private:
  std::string_view header_;
  std::size_t at_ = 0;
};

// Octets of the header at the front of `message`, with the empty line if there is one.
std::size_t header_size(std::string_view message);

// The body without its folding and without blanks at both ends (RFC 5322 §2.2.3). `scratch` is
// used only if the body is folded; the result points into one of the two.
std::string_view unfold(std::string_view body, std::string& scratch);
std::string unfold(std::string_view body);

// The body of the first field `name` (ignoring case) in `header`.
std::optional<std::string_view> find_field(std::string_view header, std::string_view name);

}  // namespace posta::wire::message
