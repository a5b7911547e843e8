#include "wire/sasl/prepare.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/check.h"
#include "base/text.h"

namespace posta::wire::sasl {

std::string prepare_password(std::string_view password) {
  if (all_ascii(password) || !is_utf8(password)) return std::string(password);
  // RFC 8265 §4.2.2: every space separator becomes U+0020.
  std::string spaced;
  const auto size = static_cast<std::int32_t>(password.size());
  for (std::int32_t at = 0; at < size;) {
    const std::int32_t begin = at;
    UChar32 c = 0;
    U8_NEXT(password.data(), at, size, c);
    if (c >= 0x80 && u_charType(c) == U_SPACE_SEPARATOR) {
      spaced += ' ';
    } else {
      spaced.append(
          password.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(at - begin)));
    }
  }
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* form_c = icu::Normalizer2::getNFCInstance(code);
  CHECK(U_SUCCESS(code));
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  form_c->normalizeUTF8(0, spaced, sink, nullptr, code);
  CHECK(U_SUCCESS(code));
  return out;
}

}  // namespace posta::wire::sasl
