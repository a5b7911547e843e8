#include "wire/message/charset.h"

#include <algorithm>
#include <optional>

#include <unicode/ucnv.h>

#include "base/text.h"

namespace posta::wire::message {

namespace {

struct Alias {
  std::string_view name, meant;
};

constexpr Alias kAliases[] = {
    {"iso-8859-1", "windows-1252"}, {"iso8859-1", "windows-1252"},
    {"latin1", "windows-1252"},     {"l1", "windows-1252"},
    {"iso_8859-1", "windows-1252"}, {"iso-8859-9", "windows-1254"},
    {"gb2312", "gb18030"},          {"gbk", "gb18030"},
    {"x-gbk", "gb18030"},           {"ks_c_5601-1987", "windows-949"},
    {"euc-kr", "windows-949"},      {"ks_c_5601", "windows-949"},
    {"iso-8859-8-i", "iso-8859-8"}, {"iso-8859-8-e", "iso-8859-8"},
    {"shift_jis", "windows-31j"},   {"x-sjis", "windows-31j"},
    {"x-mac-roman", "macintosh"},   {"cp-850", "cp850"},
    {"unicode-1-1-utf-7", "utf-7"}, {"tis-620", "windows-874"},
    {"iso-8859-11", "windows-874"}, {"x-user-defined", "windows-1252"},
};

constexpr std::string_view kGuessed[] = {
    "",        "us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit", "x-unknown", "unknown",
    "default", "8bit",     "7bit",  "none",           "iso646-us",    "646",
};

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

std::string repair_utf8(std::string_view octets) {
  if (is_utf8(octets)) return std::string(octets);
  std::string out;
  out.reserve(octets.size() + 16);
  for (std::size_t at = 0; at < octets.size();) {
    unsigned char c = static_cast<unsigned char>(octets[at]);
    std::size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    std::string_view character = octets.substr(at, n);
    if (character.size() == n && is_utf8(character)) {
      out += character;
      at += n;
    } else {
      out += kReplacement;
      ++at;
    }
  }
  return out;
}

// Through ICU; nothing if it does not know the charset.
bool convert(std::string_view octets, const std::string& charset, std::string& out) {
  UErrorCode status = U_ZERO_ERROR;
  // Only names of ICU's own tables: for others ucnv_open would look for files.
  if (ucnv_countAliases(charset.c_str(), &status) == 0 || U_FAILURE(status)) return false;
  UConverter* from = ucnv_open(charset.c_str(), &status);
  if (U_FAILURE(status)) return false;
  constexpr std::size_t kBuffer = 512;
  UChar buffer[kBuffer];
  const char* source = octets.data();
  const char* source_end = source + octets.size();
  char16_t high = 0;
  do {
    UChar* target = buffer;
    status = U_ZERO_ERROR;
    ucnv_toUnicode(from, &target, buffer + kBuffer, &source, source_end, nullptr, true, &status);
    for (const UChar* u = buffer; u != target; ++u) {
      if (U16_IS_LEAD(*u)) {
        if (high) out += kReplacement;
        high = *u;
      } else if (U16_IS_TRAIL(*u)) {
        append_utf8(out, high ? static_cast<char32_t>(U16_GET_SUPPLEMENTARY(high, *u)) : 0xFFFD);
        high = 0;
      } else {
        if (high) out += kReplacement;
        high = 0;
        append_utf8(out, *u);
      }
    }
  } while (status == U_BUFFER_OVERFLOW_ERROR);
  if (high) out += kReplacement;
  ucnv_close(from);
  return true;
}

bool is_utf8_name(std::string_view name) {
  return name == "utf-8" || name == "utf8";
}

bool is_guessed(std::string_view name) {
  return std::ranges::find(kGuessed, name) != std::end(kGuessed);
}

// The name to give to ICU; nothing if it is none.
std::optional<std::string> meant_by(std::string name) {
  constexpr std::size_t kNameMax = 60;  // ICU's own limit (UCNV_MAX_CONVERTER_NAME_LENGTH)
  for (const Alias& alias : kAliases)
    if (name == alias.name) name = alias.meant;
  bool plain = name.size() < kNameMax;
  for (char c : name)  // a comma would begin an option of ICU
    plain = plain && (is_alpha(c) || is_digit(c) || std::string_view("-_.:+").contains(c));
  if (!plain) return std::nullopt;
  return name;
}

}  // namespace

void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::string guess_utf8(std::string_view octets) {
  if (is_utf8(octets)) return std::string(octets);
  std::string out;
  if (!convert(octets, "windows-1252", out)) return repair_utf8(octets);
  return out;
}

std::string to_utf8(std::string_view octets, std::string_view charset) {
  std::string name = to_lower(trim(charset));
  if (is_utf8_name(name)) return repair_utf8(octets);
  if (is_guessed(name)) return guess_utf8(octets);
  std::string out;
  if (auto meant = meant_by(std::move(name)); meant && convert(octets, *meant, out)) return out;
  return guess_utf8(octets);
}

bool is_charset(std::string_view charset) {
  std::string name = to_lower(trim(charset));
  if (is_utf8_name(name) || name == "us-ascii" || name == "ascii") return true;
  if (is_guessed(name)) return false;
  std::string out;
  auto meant = meant_by(std::move(name));
  return meant && convert("", *meant, out);
}

std::string_view first_characters(std::string_view utf8, std::size_t characters) {
  std::size_t at = 0;
  for (; at < utf8.size(); ++at) {
    bool starts = (static_cast<unsigned char>(utf8[at]) & 0xC0) != 0x80;
    if (starts && characters-- == 0) break;
  }
  return utf8.substr(0, at);
}

}  // namespace posta::wire::message
