#include "wire/imap/utf7.h"

#include <array>
#include <cstdint>

#include "base/text.h"
#include "wire/message/charset.h"

namespace posta::wire::imap {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

constexpr auto kSextets = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}();

constexpr bool is_plain(char32_t c) {
  return c >= 0x20 && c <= 0x7E;
}
constexpr bool is_lead(std::uint16_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
constexpr bool is_trail(std::uint16_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// UTF-16 to UTF-8, unit by unit; false where no name may go on.
class Units {
 public:
  explicit Units(std::string& out) : out_(out) {}
  bool add(std::uint16_t unit) {
    if (lead_ != 0) {
      if (!is_trail(unit)) return false;
      message::append_utf8(out_, 0x10000u + ((lead_ - 0xD800u) << 10) + (unit - 0xDC00u));
      lead_ = 0;
      return true;
    }
    if (is_trail(unit) || is_plain(unit)) return false;
    if (is_lead(unit))
      lead_ = unit;
    else
      message::append_utf8(out_, unit);
    return true;
  }
  bool complete() const { return lead_ == 0; }

 private:
  std::string& out_;
  std::uint32_t lead_ = 0;
};

// What stands between "&" and "-".
bool decode_shifted(std::string_view base64, std::string& out) {
  Units units(out);
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : base64) {
    int sextet = kSextets[static_cast<unsigned char>(c)];
    if (sextet < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(sextet);
    count += 6;
    if (count < 16) continue;
    count -= 16;
    if (!units.add(static_cast<std::uint16_t>(bits >> count))) return false;
    bits &= (1u << count) - 1;
  }
  return count < 6 && bits == 0 && units.complete();
}

// Encodes runs of characters that need it.
class Shift {
 public:
  explicit Shift(std::string& out) : out_(out) {}
  void add(char32_t c) {
    if (!open_) out_ += '&';
    open_ = true;
    if (c < 0x10000) return unit(c);
    unit(0xD800 + ((c - 0x10000) >> 10));
    unit(0xDC00 + ((c - 0x10000) & 0x3FF));
  }
  void close() {
    if (!open_) return;
    if (count_ > 0) out_ += kAlphabet[(bits_ << (6 - count_)) & 63];
    out_ += '-';
    open_ = false;
    bits_ = 0;
    count_ = 0;
  }

 private:
  void unit(std::uint32_t u) {
    bits_ = bits_ << 16 | u;
    count_ += 16;
    for (; count_ >= 6; count_ -= 6) out_ += kAlphabet[(bits_ >> (count_ - 6)) & 63];
    bits_ &= (1u << count_) - 1;
  }

  std::string& out_;
  bool open_ = false;
  std::uint32_t bits_ = 0;
  int count_ = 0;
};

// The next character of well-formed UTF-8.
char32_t take_character(std::string_view& utf8) {
  auto octet = [&](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
  unsigned char c = octet(0);
  std::size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  char32_t character = n == 1 ? c : c & (0x7F >> n);
  for (std::size_t i = 1; i < n; ++i) character = character << 6 | (octet(i) & 0x3F);
  utf8.remove_prefix(n);
  return character;
}

}  // namespace

// RFC 3501 §5.1.3
std::optional<std::string> decode_utf7(std::string_view name) {
  if (!is_utf8(name)) return std::nullopt;
  std::string out;
  out.reserve(name.size());
  bool after_shift = false;  // "-&" between two shifts is superfluous: they must be one
  while (!name.empty()) {
    std::size_t plain = std::min(name.find('&'), name.size());
    if (plain > 0) {
      out += name.substr(0, plain);
      name.remove_prefix(plain);
      after_shift = false;
      continue;
    }
    std::size_t end = name.find('-');
    if (end == std::string_view::npos) return std::nullopt;
    if (end == 1) {
      out += '&';
      after_shift = false;
    } else {
      if (after_shift || !decode_shifted(name.substr(1, end - 1), out)) return std::nullopt;
      after_shift = true;
    }
    name.remove_prefix(end + 1);
  }
  return out;
}

std::string encode_utf7(std::string_view name) {
  std::string repaired;
  if (!is_utf8(name)) name = repaired = message::to_utf8(name, "utf-8");
  std::string out;
  out.reserve(name.size());
  Shift shift(out);
  while (!name.empty()) {
    char32_t c = take_character(name);
    if (!is_plain(c)) {
      shift.add(c);
      continue;
    }
    shift.close();
    out += static_cast<char>(c);
    if (c == '&') out += '-';
  }
  shift.close();
  return out;
}

}  // namespace posta::wire::imap
