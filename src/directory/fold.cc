#include "directory/fold.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/check.h"
#include "base/text.h"

namespace posta::directory {

namespace {

// Well-formed UTF-8 as UTF-16, which is what the library works on; never longer than in octets.
std::u16string to_utf16(std::string_view text) {
  std::u16string out(text.size(), u'\0');
  std::int32_t size = 0;
  UErrorCode code = U_ZERO_ERROR;
  u_strFromUTF8(out.data(), static_cast<std::int32_t>(out.size()), &size, text.data(),
                static_cast<std::int32_t>(text.size()), &code);
  CHECK(U_SUCCESS(code));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string to_utf8(const std::u16string& text) {
  std::string out(text.size() * 3, '\0');
  std::int32_t size = 0;
  UErrorCode code = U_ZERO_ERROR;
  u_strToUTF8(out.data(), static_cast<std::int32_t>(out.size()), &size, text.data(),
              static_cast<std::int32_t>(text.size()), &code);
  CHECK(U_SUCCESS(code));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

// Runs one of the library's string functions, once more with more room if it asks for it.
template <class F>
std::u16string grow(const std::u16string& text, F function) {
  std::u16string out(text.size() * 2 + 8, u'\0');
  for (;;) {
    UErrorCode code = U_ZERO_ERROR;
    std::int32_t size = function(out.data(), static_cast<std::int32_t>(out.size()), &code);
    bool fits = static_cast<std::size_t>(size) <= out.size();
    CHECK(U_SUCCESS(code) || code == U_BUFFER_OVERFLOW_ERROR);
    out.resize(static_cast<std::size_t>(size));
    if (fits) return out;
  }
}

std::u16string normalise(const std::u16string& text, const UNormalizer2* form) {
  return grow(text, [&](char16_t* to, std::int32_t room, UErrorCode* c) {
    return unorm2_normalize(form, text.data(), static_cast<std::int32_t>(text.size()), to, room, c);
  });
}

std::u16string form_c(const std::u16string& text) {
  UErrorCode code = U_ZERO_ERROR;
  const UNormalizer2* nfc = unorm2_getNFCInstance(&code);
  CHECK(U_SUCCESS(code));
  return normalise(text, nfc);
}

std::u16string form_d(const std::u16string& text) {
  UErrorCode code = U_ZERO_ERROR;
  const UNormalizer2* nfd = unorm2_getNFDInstance(&code);
  CHECK(U_SUCCESS(code));
  return normalise(text, nfd);
}

std::u16string fold_case(const std::u16string& text) {
  return grow(text, [&](char16_t* to, std::int32_t room, UErrorCode* c) {
    return u_strFoldCase(to, room, text.data(), static_cast<std::int32_t>(text.size()),
                         U_FOLD_CASE_DEFAULT, c);
  });
}

std::u16string lower_case(const std::u16string& text) {
  return grow(text, [&](char16_t* to, std::int32_t room, UErrorCode* c) {
    return u_strToLower(to, room, text.data(), static_cast<std::int32_t>(text.size()), "", c);
  });
}

}  // namespace

std::string fold_local(std::string_view local) {
  if (all_ascii(local) || !is_utf8(local)) return to_lower(local);
  // The Unicode Standard, D145 (canonical caseless matching): decomposed before it is folded.
  return to_utf8(form_c(fold_case(form_d(to_utf16(local)))));
}

std::string canonical_local(std::string_view local) {
  if (all_ascii(local) || !is_utf8(local)) return to_lower(local);
  std::string lower = to_utf8(form_c(lower_case(form_c(to_utf16(local)))));
  // A few letters change identity when lowered alone (a final sigma, a dotted capital I): they stay
  // as they were written.
  if (fold_local(lower) != fold_local(local)) return to_utf8(form_c(to_utf16(local)));
  return lower;
}

}  // namespace posta::directory
