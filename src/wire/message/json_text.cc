#include "wire/message/json_text.h"

#include <fmt/format.h>

#include "wire/message/charset.h"

namespace posta::wire::message {

void JsonWriter::before(std::string_view key) {
  if (!first_) out_ += ',';
  if (depth_ > 0) (out_ += '\n').append(depth_ * 2, ' ');
  first_ = false;
  if (key.empty()) return;
  quote(key);
  out_ += ": ";
}

void JsonWriter::open(std::string_view key, char bracket) {
  before(key);
  out_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!first_) (out_ += '\n').append(depth_ * 2, ' ');
  out_ += bracket;
  first_ = false;
  if (depth_ == 0) out_ += '\n';
}

// RFC 8259 §7.
void JsonWriter::quote(std::string_view value) {
  out_ += '"';
  for (char c : guess_utf8(value)) {
    switch (c) {
      case '"': out_ += "\\\""; break;
      case '\\': out_ += "\\\\"; break;
      case '\n': out_ += "\\n"; break;
      case '\r': out_ += "\\r"; break;
      case '\t': out_ += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
          out_ += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        else
          out_ += c;
    }
  }
  out_ += '"';
}

void JsonWriter::text(std::string_view key, std::string_view value) {
  before(key);
  quote(value);
}

void JsonWriter::number(std::string_view key, std::uint64_t value) {
  before(key);
  out_ += fmt::format("{}", value);
}

void JsonWriter::boolean(std::string_view key, bool value) {
  before(key);
  out_ += value ? "true" : "false";
}

void JsonWriter::null(std::string_view key) {
  before(key);
  out_ += "null";
}

}  // namespace posta::wire::message
