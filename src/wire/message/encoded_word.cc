#include "wire/message/encoded_word.h"

#include <optional>

#include <fmt/format.h>

#include "base/codec.h"
#include "base/text.h"
#include "wire/message/charset.h"
#include "wire/message/transfer.h"

namespace posta::wire::message {

namespace {

struct Word {
  std::string_view charset;
  char encoding;  // 'b' or 'q'
  std::string_view text;
  std::size_t length;  // of the whole word
};

// `text` begins with "=?".
std::optional<Word> parse_word(std::string_view text) {
  constexpr std::size_t kCharsetMax = 60;  // no charset's name is longer
  std::size_t q1 = text.substr(0, kCharsetMax).find('?', 2);
  if (q1 == std::string_view::npos || q1 == 2 || q1 + 2 >= text.size()) return std::nullopt;
  char encoding = ascii_lower(text[q1 + 1]);
  if ((encoding != 'b' && encoding != 'q') || text[q1 + 2] != '?') return std::nullopt;
  std::size_t start = q1 + 3;
  std::size_t end = text.find('?', start);
  if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != '=')
    return std::nullopt;
  std::string_view charset = text.substr(2, q1 - 2);
  charset = charset.substr(0, charset.find('*'));  // RFC 2231 §5: a language may follow
  return Word{charset, encoding, text.substr(start, end - start), end + 2};
}

std::string decode_q(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && i + 2 < text.size()) {
      if (auto octet = hex_decode(text.substr(i + 1, 2))) {
        out += *octet;
        i += 2;
        continue;
      }
    }
    out += text[i] == '_' ? ' ' : text[i];
  }
  return out;
}

// Control octets would break lines and screens.
void append_clean(std::string& out, std::string_view utf8) {
  for (char c : utf8) {
    unsigned char u = static_cast<unsigned char>(c);
    out += u < 0x20 || u == 0x7F ? ' ' : c;
  }
}

// Collects words of one charset and encoding, so that a character may span them.
struct Run {
  std::string_view charset;
  std::string octets;

  void flush(std::string& out) {
    if (!octets.empty()) append_clean(out, to_utf8(octets, charset));
    octets.clear();
  }
  void add(const Word& word, std::string& out) {
    if (!equals_ignore_case(charset, word.charset)) flush(out);
    charset = word.charset;
    octets +=
        word.encoding == 'q' ? decode_q(word.text) : decode_transfer(word.text, Encoding::base64);
  }
};

}  // namespace

std::string decode_words(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  Run run;
  std::string_view blanks;  // between the last word and here
  bool after_word = false;
  auto literal = [&](std::string_view piece) {
    if (piece.empty()) return;
    run.flush(out);
    out += blanks;
    blanks = {};
    append_clean(out, guess_utf8(piece));
    after_word = false;
  };
  std::size_t plain = 0;  // start of what is not yet written
  for (std::size_t at = 0; at < text.size();) {
    if (after_word && plain == at && is_wsp(text[at])) {
      std::size_t end = at;
      while (end < text.size() && is_wsp(text[end])) ++end;
      blanks = text.substr(at, end - at);
      plain = at = end;
      continue;
    }
    std::size_t start = text.find("=?", at);
    if (start == std::string_view::npos) break;
    auto word = parse_word(text.substr(start));
    if (!word) {
      at = start + 2;
      continue;
    }
    literal(text.substr(plain, start - plain));
    blanks = {};  // RFC 2047 §6.2: blanks between adjacent words are ignored
    run.add(*word, out);
    after_word = true;
    plain = at = start + word->length;
  }
  literal(text.substr(plain));
  run.flush(out);
  return out;
}

namespace {

// Long words would make a line that no rule lets us fold (RFC 5322 §2.1.1).
constexpr std::size_t kLineMax = 76;  // RFC 2047 §2

bool needs_encoding(std::string_view text) {
  if (text.find("=?") != std::string_view::npos) return true;
  for (unsigned char c : text)
    if (c >= 0x7F || c < 0x20) return true;
  return false;
}

// Base64 words, each with whole characters, joined with folding.
std::string encode_all(std::string_view utf8, std::size_t column) {
  constexpr std::string_view kOpen = "=?utf-8?B?", kClose = "?=";
  std::string out;
  std::size_t room_used = column;
  while (!utf8.empty()) {
    std::size_t frame = kOpen.size() + kClose.size();
    std::size_t room = kLineMax > room_used + frame + 8 ? kLineMax - room_used - frame : 8;
    std::size_t n = std::min(utf8.size(), room / 4 * 3);
    while (n > 0 && n < utf8.size() && (static_cast<unsigned char>(utf8[n]) & 0xC0) == 0x80) --n;
    if (n == 0) n = std::min<std::size_t>(utf8.size(), 4);
    if (!out.empty()) out += "\r\n ";
    out += fmt::format("{}{}{}", kOpen, base64_encode(utf8.substr(0, n)), kClose);
    utf8.remove_prefix(n);
    room_used = 1;
  }
  return out;
}

bool is_atext(char c) {  // RFC 5322 §3.2.3
  return is_alpha(c) || is_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

}  // namespace

std::string encode_text(std::string_view utf8, std::size_t column) {
  if (needs_encoding(utf8)) return encode_all(utf8, column);
  std::string out;
  while (!utf8.empty()) {  // fold before a blank that is followed by something
    std::size_t n = utf8.find(' ', 1);
    while (n < utf8.size() && utf8[n] == ' ' && n + 1 < utf8.size() && utf8[n + 1] == ' ') ++n;
    std::string_view word = utf8.substr(0, n);
    if (!out.empty() && column + word.size() > kLineMax && word.starts_with(' ') &&
        word.size() > 1) {
      out += "\r\n";
      column = 0;
    }
    out += word;
    column += word.size();
    utf8.remove_prefix(word.size());
  }
  return out;
}

std::string encode_phrase(std::string_view utf8) {
  if (needs_encoding(utf8)) return encode_all(utf8, 10);
  bool atoms = !utf8.empty() && utf8.front() != ' ' && utf8.back() != ' ';
  for (char c : utf8) atoms = atoms && (is_atext(c) || c == ' ');
  if (atoms) return std::string(utf8);
  std::string out = "\"";
  for (char c : utf8) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

}  // namespace posta::wire::message
