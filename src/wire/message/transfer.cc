#include "wire/message/transfer.h"

#include <array>
#include <cstring>

#include "base/codec.h"
#include "base/text.h"

namespace posta::wire::message {

namespace {

constexpr std::uint8_t kSkip = 0xFF, kPad = 0xFE;

constexpr std::array<std::uint8_t, 256> kSextets = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(kSkip);
  std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  table['='] = kPad;
  return table;
}();

constexpr char kHex[] = "0123456789ABCDEF";

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  c = ascii_lower(c);  // RFC 2045 §6.7 (1): robust implementations accept lower case
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

Encoding parse_encoding(std::string_view name) {
  name = trim(name);
  if (equals_ignore_case(name, "base64")) return Encoding::base64;
  if (equals_ignore_case(name, "quoted-printable")) return Encoding::quoted_printable;
  for (std::string_view known : {"", "7bit", "8bit", "binary"})
    if (equals_ignore_case(name, known)) return Encoding::identity;
  return Encoding::unknown;
}

void TransferDecoder::feed(std::string_view octets, std::string& out) {
  switch (encoding_) {
    case Encoding::base64: return base64(octets, out);
    case Encoding::quoted_printable: return quoted_printable(octets, out);
    case Encoding::identity:
    case Encoding::unknown: out += octets;
  }
}

void TransferDecoder::finish(std::string& out) {
  if (encoding_ == Encoding::quoted_printable) {
    if (held_ != "=" && held_ != "=\r") out += held_;  // a soft line break at the very end is none
    flush_blanks(out);
  }
  held_.clear();
  blanks_.clear();
  bits_ = 0;
  sextets_ = 0;
}

void TransferDecoder::base64(std::string_view octets, std::string& out) {
  for (unsigned char c : octets) {
    std::uint8_t value = kSextets[c];
    if (value == kSkip) continue;
    if (value == kPad) {
      // Padding ends a run; another may follow (RFC 2045 §6.8 lets us ignore what is wrong).
      bits_ = 0;
      sextets_ = 0;
      continue;
    }
    bits_ = bits_ << 6 | value;
    if (++sextets_ == 1) continue;
    out += static_cast<char>(bits_ >> (8 - 2 * sextets_));
    if (sextets_ == 4) {
      sextets_ = 0;
      bits_ = 0;
    }
  }
}

void TransferDecoder::flush_blanks(std::string& out) {
  out += blanks_;
  blanks_.clear();
}

// One more octet of an escape: "=" hex hex, or "=" blanks line-end (a soft line break).
void TransferDecoder::escape(char c, std::string& out) {
  if (c == '\n') {
    held_.clear();
    return;
  }
  if (held_.size() == 1 && (is_wsp(c) || c == '\r' || hex_digit(c) >= 0)) {
    held_ += c;
    return;
  }
  if (held_.size() == 2 && hex_digit(held_[1]) >= 0 && hex_digit(c) >= 0) {
    out += static_cast<char>(hex_digit(held_[1]) << 4 | hex_digit(c));
    held_.clear();
    return;
  }
  if (is_wsp(held_.back()) && (is_wsp(c) || c == '\r')) {  // blanks after "=": one is remembered
    held_.back() = c;
    return;
  }
  std::string literal = std::exchange(held_, {});  // not an escape: kept as it is
  out += literal;
  quoted_printable({&c, 1}, out);
}

void TransferDecoder::quoted_printable(std::string_view octets, std::string& out) {
  while (!octets.empty()) {
    if (!held_.empty()) {
      escape(octets.front(), out);
      octets.remove_prefix(1);
      continue;
    }
    std::size_t n = 0;
    while (n < octets.size() && octets[n] != '=' && !is_wsp(octets[n]) && octets[n] != '\r' &&
           octets[n] != '\n')
      ++n;
    if (n > 0) {
      flush_blanks(out);
      out += octets.substr(0, n);
      octets.remove_prefix(n);
      continue;
    }
    char c = octets.front();
    octets.remove_prefix(1);
    if (c == '=') {
      flush_blanks(out);
      held_ = "=";
    } else if (c == '\n') {  // RFC 2045 §6.7 (3): blanks at the end of a line are deleted
      bool cr = blanks_.ends_with('\r');
      blanks_.clear();
      out += cr ? "\r\n" : "\n";
    } else {
      if (blanks_.ends_with('\r')) flush_blanks(out);
      blanks_ += c;
    }
  }
}

std::string decode_transfer(std::string_view octets, Encoding encoding) {
  if (encoding == Encoding::identity || encoding == Encoding::unknown) return std::string(octets);
  std::string out;
  out.reserve(encoding == Encoding::base64 ? octets.size() / 4 * 3 + 3 : octets.size());
  TransferDecoder decoder(encoding);
  decoder.feed(octets, out);
  decoder.finish(out);
  return out;
}

std::string encode_base64(std::string_view octets) {
  constexpr std::size_t kLine = 57;  // octets that fill 76 columns
  std::string out;
  out.reserve((octets.size() / 3 + 1) * 4 + (octets.size() / kLine + 1) * 2);
  for (std::size_t at = 0; at < octets.size(); at += kLine)
    out += base64_encode(octets.substr(at, kLine)) += "\r\n";
  return out;
}

std::string encode_quoted_printable(std::string_view text) {
  constexpr std::size_t kColumns = 76;
  std::string out, token;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if (c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n')) {
      if (c == '\r') ++i;
      out += "\r\n";
      column = 0;
      continue;
    }
    bool line_ends = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    bool literal = (c > 32 && c < 127 && c != '=') || ((c == ' ' || c == '\t') && !line_ends);
    if (column + (literal ? 1 : 3) > kColumns - 1) {
      out += "=\r\n";
      column = 0;
    }
    if (column == 0 && (c == '.' || text.substr(i).starts_with("From "))) literal = false;
    token.assign(1, static_cast<char>(c));
    if (!literal) token = {'=', kHex[c >> 4], kHex[c & 15]};
    out += token;
    column += token.size();
  }
  return out;
}

}  // namespace posta::wire::message
