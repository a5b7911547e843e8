#include "server/imap/casemap.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf8.h>

#include "base/check.h"
#include "base/text.h"
#include "wire/message/charset.h"

namespace posta::server::imap {

namespace {

void append_mapped(std::string& out, UChar32 character) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* form = unorm2_getNFKDInstance(&status);
  CHECK(U_SUCCESS(status));
  const UChar32 title = u_totitle(character);
  UChar decomposed[32];  // the longest decomposition in Unicode has 18
  std::int32_t size =
      unorm2_getDecomposition(form, title, decomposed, std::size(decomposed), &status);
  if (U_FAILURE(status) || size < 0) {
    wire::message::append_utf8(out, static_cast<char32_t>(title));
    return;
  }
  for (std::int32_t i = 0; i < size;) {
    UChar32 one = 0;
    U16_NEXT(decomposed, i, size, one);
    wire::message::append_utf8(out, static_cast<char32_t>(one));
  }
}

}  // namespace

std::string casemap(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  const auto size = static_cast<std::int32_t>(utf8.size());
  for (std::int32_t i = 0; i < size;) {
    if (char c = utf8[static_cast<std::size_t>(i)]; is_ascii(static_cast<unsigned char>(c))) {
      out += ascii_upper(c);
      ++i;
      continue;
    }
    UChar32 character = 0;
    U8_NEXT_OR_FFFD(utf8.data(), i, size, character);
    append_mapped(out, character);
  }
  return out;
}

}  // namespace posta::server::imap
