#include "wire/message/mime_field.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/codec.h"
#include "base/text.h"
#include "wire/message/charset.h"
#include "wire/message/encoded_word.h"
#include "wire/message/header.h"

namespace posta::wire::message {

namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// RFC 2045 §5.1 tspecials; blanks and controls are no token characters either.
constexpr bool is_token(char c) {
  return static_cast<unsigned char>(c) > 32 && c != 127 &&
         !std::string_view("()<>@,;:\\\"/[]?=").contains(c);
}

// One as it was written, before sections are joined (RFC 2231 §3).
struct Piece {
  std::string name;  // lower case, without section and asterisk
  std::string value;
  bool extended;
  std::optional<unsigned> section;
};

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip_blanks_and_comments() {
    while (!at_end()) {
      if (is_blank(text_[at_])) {
        ++at_;
      } else if (text_[at_] != '(' || !skip_comment()) {
        return;
      }
    }
  }

  std::string_view token() {
    std::size_t start = at_;
    while (!at_end() && is_token(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  // After the opening quote, to the closing one or the end.
  std::string quoted() {
    std::string out;
    while (!at_end() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      if (text_[at_] != '\r' && text_[at_] != '\n') out += text_[at_];
      ++at_;
    }
    take('"');
    return out;
  }

  // INTEROP: a value without quotes that holds blanks or specials: to the semicolon, or to a blank
  // that is followed by a comment or by the next parameter.
  std::string_view unquoted() {
    std::size_t start = at_;
    while (!at_end() && text_[at_] != ';') {
      if (is_blank(text_[at_]) && ends_here(at_)) break;
      ++at_;
    }
    return trim(text_.substr(start, at_ - start));
  }

  void skip_to_semicolon() {
    while (!at_end() && text_[at_] != ';') ++at_;
  }

 private:
  bool ends_here(std::size_t at) {
    while (at < text_.size() && is_blank(text_[at])) ++at;
    if (at < looked_) return false;  // this word was looked at from the blank before
    if (at == text_.size() || text_[at] == '(') return true;
    while (at < text_.size() && is_token(text_[at])) ++at;
    looked_ = at;
    return at < text_.size() && text_[at] == '=';
  }

  bool skip_comment() {
    if (no_comments_) return false;
    int depth = 0;
    for (std::size_t i = at_; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '(') {
        ++depth;
      } else if (text_[i] == ')' && --depth == 0) {
        at_ = i + 1;
        return true;
      }
    }
    no_comments_ = true;  // never closed: an ordinary octet, here and from now on
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t looked_ = 0;
  bool no_comments_ = false;
};

// "filename*1*": name, section 1, extended.
Piece parse_name(std::string_view attribute) {
  Piece piece{to_lower(attribute), {}, false, {}};
  std::string& name = piece.name;
  if (name.ends_with('*')) {
    piece.extended = true;
    name.pop_back();
  }
  std::size_t star = name.rfind('*');
  if (star != std::string::npos) {
    piece.section = to_number<unsigned>(std::string_view(name).substr(star + 1));
    if (piece.section) name.resize(star);
  }
  return piece;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (is_token(c) && c != '%' && c != '\'' && c != '*' && is_ascii(static_cast<unsigned char>(c)))
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// Sections in their order, joined to one value; a gap ends it (RFC 2231 §3).
std::vector<Parameter> join_sections(std::vector<Piece> pieces, const Limits& limits) {
  std::vector<Parameter> out;
  for (Piece& piece : pieces) {
    if (!piece.section) {
      out.push_back({std::move(piece.name), std::move(piece.value), piece.extended});
      continue;
    }
    if (piece.name.empty()) continue;  // taken by its section 0, or never to be
    if (*piece.section != 0) {
      bool has_first = std::ranges::any_of(
          pieces, [&](const Piece& p) { return p.section == 0u && p.name == piece.name; });
      if (has_first) continue;
    }
    std::vector<std::pair<unsigned, std::size_t>> run;  // section, index
    for (std::size_t i = 0; i < pieces.size(); ++i)
      if (pieces[i].section && pieces[i].name == piece.name)
        run.emplace_back(*pieces[i].section, i);
    std::ranges::sort(run);
    bool extended = std::ranges::any_of(run, [&](auto& r) { return pieces[r.second].extended; });
    Parameter joined{piece.name, {}, extended};
    if (extended && !pieces[run.front().second].extended) joined.value = "''";
    unsigned next = run.front().first;
    for (auto [section, i] : run) {
      if (section != next++) break;
      const Piece& p = pieces[i];
      joined.value += extended && !p.extended ? percent_encode(p.value) : p.value;
    }
    if (joined.value.size() > limits.value_octets_max) joined.value.resize(limits.value_octets_max);
    for (auto [section, i] : run) pieces[i].name.clear();
    out.push_back(std::move(joined));
  }
  return out;
}

std::vector<Parameter> parse_parameters(Cursor& cursor, const Limits& limits) {
  std::vector<Piece> pieces;
  bool sections = false;
  for (;;) {
    cursor.skip_blanks_and_comments();
    while (cursor.take(';')) cursor.skip_blanks_and_comments();
    if (cursor.at_end()) break;
    std::string_view attribute = cursor.token();
    cursor.skip_blanks_and_comments();
    if (attribute.empty() || !cursor.take('=')) {
      cursor.skip_to_semicolon();
      continue;
    }
    cursor.skip_blanks_and_comments();
    Piece piece = parse_name(attribute);
    piece.value = cursor.take('"') ? cursor.quoted() : std::string(cursor.unquoted());
    if (piece.value.size() > limits.value_octets_max) piece.value.resize(limits.value_octets_max);
    sections = sections || piece.section;
    if (pieces.size() < limits.parameters_max) pieces.push_back(std::move(piece));
  }
  if (sections) return join_sections(std::move(pieces), limits);
  std::vector<Parameter> out;
  out.reserve(pieces.size());
  for (Piece& p : pieces) out.push_back({std::move(p.name), std::move(p.value), p.extended});
  return out;
}

}  // namespace

std::optional<MediaType> parse_media_type(std::string_view body, const Limits& limits) {
  Cursor cursor(body);
  cursor.skip_blanks_and_comments();
  std::string_view type = cursor.token();
  cursor.skip_blanks_and_comments();
  bool slash = cursor.take('/');
  cursor.skip_blanks_and_comments();
  std::string_view subtype = slash ? cursor.token() : std::string_view();
  if (type.empty() || subtype.empty()) return std::nullopt;
  MediaType out{to_lower(type.substr(0, limits.value_octets_max)),
                to_lower(subtype.substr(0, limits.value_octets_max)),
                {}};
  out.parameters = parse_parameters(cursor, limits);
  return out;
}

Disposition parse_disposition(std::string_view body, const Limits& limits) {
  Cursor cursor(body);
  cursor.skip_blanks_and_comments();
  Disposition out{to_lower(cursor.token().substr(0, limits.value_octets_max)), {}};
  if (cursor.peek() == '=') {  // INTEROP: a parameter where the type should be
    out.type = "attachment";
    cursor = Cursor(body);
  }
  out.parameters = parse_parameters(cursor, limits);
  if (out.type.empty()) out.parameters.clear();
  return out;
}

std::string_view first_token(std::string_view body) {
  Cursor cursor(body);
  cursor.skip_blanks_and_comments();
  if (cursor.take('"')) cursor.skip_blanks_and_comments();
  return cursor.token();
}

std::vector<std::string> parse_languages(std::string_view body, const Limits& limits) {
  std::vector<std::string> out;
  Cursor cursor(body);
  while (!cursor.at_end() && out.size() < limits.parameters_max) {
    cursor.skip_blanks_and_comments();
    std::string_view tag = cursor.token();
    if (!tag.empty()) {
      out.emplace_back(tag.substr(0, limits.value_octets_max));
    } else if (!cursor.at_end()) {
      cursor.take(cursor.peek());
    }
  }
  return out;
}

const Parameter* find_parameter(const std::vector<Parameter>& parameters, std::string_view name) {
  const Parameter* found = nullptr;
  for (const Parameter& p : parameters)
    if (p.name == name && (!found || (p.extended && !found->extended))) found = &p;
  return found;
}

std::string decoded_value(const Parameter& parameter) {
  std::string_view value = parameter.value;
  if (!parameter.extended) return decode_words(value);
  std::string_view charset;
  std::size_t first = value.find('\'');
  std::size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
  if (second != std::string_view::npos) {
    charset = value.substr(0, first);
    value = value.substr(second + 1);
  }
  std::string octets;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '%' && i + 2 < value.size()) {
      if (auto octet = hex_decode(value.substr(i + 1, 2))) {
        octets += *octet;
        i += 2;
        continue;
      }
    }
    octets += value[i];
  }
  std::string text = to_utf8(octets, charset);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return text;
}

}  // namespace posta::wire::message
