#include "wire/message/preview.h"

#include <iterator>

#include "base/text.h"
#include "wire/message/charset.h"
#include "wire/message/transfer.h"

namespace posta::wire::message {

namespace {

// Appends characters with blanks collapsed, until there are enough.
class OneLine {
 public:
  explicit OneLine(std::size_t characters) : left_(characters) {}

  bool full() const { return left_ == 0; }

  // A whole character: one to four octets.
  void add(std::string_view character) {
    unsigned char c = static_cast<unsigned char>(character.front());
    if (c > 0x20 && c < 0x7F && !gap_) {
      out_ += character;
      --left_;
      return;
    }
    // NO-BREAK SPACE, and what HTML mail pads with, invisibly: ZERO WIDTH SPACE to RIGHT-TO-LEFT
    // MARK, SOFT HYPHEN, COMBINING GRAPHEME JOINER, ZERO WIDTH NO-BREAK SPACE.
    bool blank = c <= 0x20 || c == 0x7F || character == "\u00A0";
    bool hidden = character == "\u00AD" || character == "\u034F" || character == "\uFEFF" ||
                  (character >= "\u200B" && character <= "\u200F" && character.size() == 3);
    if (hidden) return;
    if (blank) {
      gap_ = !out_.empty();
      return;
    }
    if (gap_) {
      out_ += ' ';
      if (--left_ == 0) return;
      gap_ = false;
    }
    out_ += character;
    --left_;
  }

  // Well-formed UTF-8.
  void add_all(std::string_view utf8) {
    for (std::size_t at = 0; at < utf8.size() && !full();) {
      bool ascii = is_ascii(static_cast<unsigned char>(utf8[at]));
      std::size_t n = ascii ? 1 : first_characters(utf8.substr(at, 4), 1).size();
      add(utf8.substr(at, n));
      at += n;
    }
  }
  void blank() { gap_ = !out_.empty(); }

  std::string take() {
    if (out_.ends_with(' ')) out_.pop_back();
    return std::move(out_);
  }

 private:
  std::string out_;
  std::size_t left_;
  bool gap_ = false;
};

struct Entity {
  std::string_view name;
  char32_t character;
};

constexpr Entity kEntities[] = {
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},        {"quot", '"'},     {"apos", '\''},
    {"nbsp", 0xA0},    {"copy", 0xA9},    {"reg", 0xAE},      {"laquo", 0xAB},   {"raquo", 0xBB},
    {"middot", 0xB7},  {"shy", 0xAD},     {"auml", 0xE4},     {"ouml", 0xF6},    {"uuml", 0xFC},
    {"Auml", 0xC4},    {"Ouml", 0xD6},    {"Uuml", 0xDC},     {"szlig", 0xDF},   {"eacute", 0xE9},
    {"egrave", 0xE8},  {"ecirc", 0xEA},   {"agrave", 0xE0},   {"aacute", 0xE1},  {"acirc", 0xE2},
    {"ccedil", 0xE7},  {"iacute", 0xED},  {"ntilde", 0xF1},   {"oacute", 0xF3},  {"ocirc", 0xF4},
    {"uacute", 0xFA},  {"ucirc", 0xFB},   {"ndash", 0x2013},  {"mdash", 0x2014}, {"lsquo", 0x2018},
    {"rsquo", 0x2019}, {"ldquo", 0x201C}, {"rdquo", 0x201D},  {"bdquo", 0x201E}, {"hellip", 0x2026},
    {"bull", 0x2022},  {"euro", 0x20AC},  {"trade", 0x2122},  {"zwnj", 0x200C},  {"zwj", 0x200D},
    {"ensp", 0x2002},  {"emsp", 0x2003},  {"thinsp", 0x2009},
};

// The character of "&…;" at the front of `text`; nothing: the "&" is an ordinary character.
std::optional<char32_t> entity(std::string_view text, std::size_t& length) {
  constexpr std::size_t kEntityMax = 12;  // octets; longer names are rare, and stay as written
  std::size_t end = text.substr(0, kEntityMax).find(';');
  if (end == std::string_view::npos || end < 2) return std::nullopt;
  std::string_view name = text.substr(1, end - 1);
  length = end + 1;
  if (name.front() == '#') {
    name.remove_prefix(1);
    bool hex = !name.empty() && ascii_lower(name.front()) == 'x';
    if (hex) name.remove_prefix(1);
    std::uint32_t value = 0;
    auto [stop, error] =
        std::from_chars(name.data(), name.data() + name.size(), value, hex ? 16 : 10);
    if (name.empty() || error != std::errc{} || stop != name.data() + name.size())
      return std::nullopt;
    return value == 0 ? char32_t{0xFFFD} : char32_t{value};
  }
  for (const Entity& e : kEntities)
    if (e.name == name) return e.character;
  return std::nullopt;
}

// One past the tag, comment or hidden element that begins at `at`; `blank` if words around it are
// apart.
std::size_t skip_tag(std::string_view html, std::size_t at, bool& blank) {
  constexpr std::string_view kHidden[] = {"style", "script", "head", "title", "noscript"};
  constexpr std::string_view kInline[] = {"b",    "i", "em",    "strong", "span", "a",   "u",
                                          "font", "s", "small", "big",    "sub",  "sup", "code"};
  blank = true;
  auto after = [&](std::size_t found, std::size_t size) {
    return found == std::string_view::npos ? html.size() : found + size;
  };
  if (html.substr(at).starts_with("<!--")) return after(html.find("-->", at + 4), 3);
  std::size_t start = at + 1;
  bool closing = start < html.size() && html[start] == '/';
  if (closing) ++start;
  std::size_t end = start;
  while (end < html.size() && (is_alpha(html[end]) || is_digit(html[end]))) ++end;
  std::string_view name = html.substr(start, end - start);
  std::size_t tag_end = after(html.find('>', end), 1);
  for (std::string_view element : kInline) blank = blank && !equals_ignore_case(name, element);
  if (closing) return tag_end;
  for (std::string_view element : kHidden) {
    if (!equals_ignore_case(name, element)) continue;
    for (std::size_t i = html.find("</", tag_end); i != std::string_view::npos;
         i = html.find("</", i + 2))
      if (starts_with_ignore_case(html.substr(i + 2), element)) return after(html.find('>', i), 1);
    return html.size();
  }
  return tag_end;
}

// The last character of octets that were cut anywhere may be incomplete, and would make UTF-8 look
// like another charset.
void drop_cut_character(std::string& octets) {
  for (std::size_t n = 1; n <= 3 && n <= octets.size(); ++n) {
    unsigned char c = static_cast<unsigned char>(octets[octets.size() - n]);
    if (c < 0x80) return;
    if (c < 0xC0) continue;
    std::size_t whole = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (n < whole) octets.resize(octets.size() - n);
    return;
  }
}

}  // namespace

std::string text_of_html(std::string_view utf8, std::size_t characters) {
  OneLine line(characters);
  for (std::size_t at = 0; at < utf8.size() && !line.full();) {
    char c = utf8[at];
    bool tag = c == '<' && at + 1 < utf8.size() &&
               (is_alpha(utf8[at + 1]) || utf8[at + 1] == '/' || utf8[at + 1] == '!' ||
                utf8[at + 1] == '?');
    if (tag) {
      bool blank = false;
      at = skip_tag(utf8, at, blank);
      if (blank) line.blank();
      continue;
    }
    std::size_t length = 0;
    if (c == '&') {
      if (auto character = entity(utf8.substr(at), length)) {
        std::string text;
        append_utf8(text, *character);
        line.add(text);
        at += length;
        continue;
      }
    }
    std::string_view character = first_characters(utf8.substr(at, 4), 1);
    line.add(character);
    at += character.size();
  }
  return line.take();
}

std::string preview_of(const Part& part, std::string_view octets, std::size_t characters) {
  bool html = part.subtype == "html";
  // Plain text: a few hundred octets are enough, unless they are blanks, or many for a character.
  for (std::size_t factor : {4, 64}) {
    std::string_view front = html ? octets : octets.substr(0, characters * factor);
    std::string decoded = decode_transfer(front, parse_encoding(part.encoding));
    if (front.size() < part.body_size()) drop_cut_character(decoded);
    const Parameter* charset = find_parameter(part.parameters, "charset");
    std::string text = to_utf8(decoded, charset ? charset->value : std::string());
    if (html) return text_of_html(text, characters);
    OneLine line(characters);
    line.add_all(text);
    if (line.full() || front.size() == octets.size() || factor == 64) return line.take();
  }
  return {};
}

}  // namespace posta::wire::message
