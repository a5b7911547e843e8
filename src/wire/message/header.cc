#include "wire/message/header.h"

#include <cstring>

#include "base/text.h"

namespace posta::wire::message {

namespace {

// One past the LF that ends the line at `at`, or the end.
std::size_t line_end(std::string_view text, std::size_t at) {
  const void* lf = std::memchr(text.data() + at, '\n', text.size() - at);
  return lf ? static_cast<std::size_t>(static_cast<const char*>(lf) - text.data()) + 1
            : text.size();
}

bool blank_line(std::string_view text, std::size_t at) {
  return text[at] == '\n' || (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n');
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// RFC 5322 §3.6.8: ftext is %d33-57 / %d59-126; §4.5: blanks before the colon are obsolete.
void split_name(std::string_view text, Field& field) {
  std::size_t n = 0;
  while (n < text.size() && text[n] > 32 && text[n] < 127 && text[n] != ':') ++n;
  std::size_t colon = n;
  while (colon < text.size() && is_wsp(text[colon])) ++colon;
  if (n == 0 || colon == text.size() || text[colon] != ':') {
    field.name = {};
    field.body = text;
    return;
  }
  field.name = text.substr(0, n);
  field.body = text.substr(colon + 1);
}

}  // namespace

bool HeaderReader::next(Field& field) {
  if (at_ >= header_.size() || blank_line(header_, at_)) return false;
  std::size_t end = line_end(header_, at_);
  while (end < header_.size() && is_wsp(header_[end])) end = line_end(header_, end);
  field.offset = at_;
  field.length = end - at_;
  split_name(without_line_end(header_.substr(at_, end - at_)), field);
  at_ = end;
  return true;
}

std::size_t header_size(std::string_view message) {
  std::size_t at = 0;
  while (at < message.size()) {
    bool last = blank_line(message, at);
    at = line_end(message, at);
    if (last) break;
  }
  return at;
}

std::string_view unfold(std::string_view body, std::string& scratch) {
  body = trim(body);
  if (std::memchr(body.data(), '\n', body.size()) == nullptr) return body;
  scratch.clear();
  scratch.reserve(body.size());
  for (std::size_t at = 0; at < body.size();) {
    std::size_t end = line_end(body, at);
    scratch += without_line_end(body.substr(at, end - at));
    at = end;
  }
  return scratch;
}

std::string unfold(std::string_view body) {
  std::string scratch;
  return std::string(unfold(body, scratch));
}

std::optional<std::string_view> find_field(std::string_view header, std::string_view name) {
  HeaderReader reader(header);
  for (Field field; reader.next(field);)
    if (equals_ignore_case(field.name, name)) return field.body;
  return std::nullopt;
}

}  // namespace posta::wire::message
