#include "wire/message/text_of.h"

#include "base/check.h"
#include "wire/message/charset.h"
#include "wire/message/transfer.h"

namespace posta::wire::message {

namespace {
std::string_view body_of(const Part& part, std::string_view message) {
  CHECK(part.body_end <= message.size());
  return message.substr(part.body_start, part.body_size());
}
}  // namespace

std::string decoded_text(const Part& part, std::string_view body) {
  const Parameter* charset = find_parameter(part.parameters, "charset");
  std::string_view name = charset ? std::string_view(charset->value) : std::string_view();
  Encoding encoding = parse_encoding(part.encoding);
  if (encoding == Encoding::identity || encoding == Encoding::unknown) return to_utf8(body, name);
  return to_utf8(decode_transfer(body, encoding), name);
}

std::string text_of(const Part& part, std::string_view message) {
  return decoded_text(part, body_of(part, message));
}

bool is_attachment(const Part& part) {
  if (part.is_multipart()) return false;
  if (part.disposition.type == "attachment" || part.is_message()) return true;
  return part.type != "text" || find_parameter(part.disposition.parameters, "filename");
}

std::string filename(const Part& part) {
  const Parameter* name = find_parameter(part.disposition.parameters, "filename");
  if (!name) name = find_parameter(part.parameters, "name");
  return name ? decoded_value(*name) : std::string();
}

std::string octets_of(const Part& part, std::string_view message) {
  return decode_transfer(body_of(part, message), parse_encoding(part.encoding));
}

}  // namespace posta::wire::message
