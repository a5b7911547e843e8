#include "mail/address.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <cstdlib>

#include "base/text.h"

namespace posta {

namespace {

Failure bad(std::string what, std::size_t at) {
  return fail(Error::Kind::syntax, std::move(what), at);
}

// RFC 5321 §4.1.2 sub-domain, RFC 1123 §2.1 (a digit may begin it). INTEROP: an underscore inside
// is accepted, since such hosts exist and send mail.
std::optional<std::size_t> bad_label_octet(std::string_view label) {
  if (label.empty()) return 0;
  if (label.size() > 63) return 63;  // RFC 1035 §2.3.4
  for (std::size_t i = 0; i < label.size(); ++i) {
    char c = label[i];
    if (is_alpha(c) || is_digit(c) || c == '_') continue;
    if (c == '-' && i != 0 && i + 1 != label.size()) continue;
    return i;
  }
  return std::nullopt;
}

// RFC 5321 §4.1.3: IPv4 in dotted form, or "IPv6:" and RFC 4291 text.
Result<std::string> parse_literal(std::string_view text) {
  if (text.size() < 3 || text.back() != ']')
    return bad("an address literal ends in ]", text.size());
  std::string inner(text.substr(1, text.size() - 2));
  unsigned char octets[16];
  char canonical[INET6_ADDRSTRLEN];
  if (starts_with_ignore_case(inner, "IPv6:")) {
    if (inet_pton(AF_INET6, inner.c_str() + 5, octets) != 1) return bad("not an IPv6 address", 6);
    inet_ntop(AF_INET6, octets, canonical, sizeof canonical);
    return "[IPv6:" + std::string(canonical) + "]";
  }
  if (inet_pton(AF_INET, inner.c_str(), octets) != 1) return bad("not an IPv4 address", 1);
  inet_ntop(AF_INET, octets, canonical, sizeof canonical);
  return "[" + std::string(canonical) + "]";
}

Result<std::string> to_a_labels(std::string_view text) {
  std::string name(text);
  char* ascii = nullptr;
  // RFC 5891 §5: lookup with the Unicode mapping that users expect (case, width).
  int code = idn2_to_ascii_8z(name.c_str(), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (code != IDN2_OK) return bad(std::string("not a domain: ") + idn2_strerror(code), 0);
  std::string out(ascii);
  idn2_free(ascii);
  return out;
}

constexpr bool is_atext(unsigned char c) {  // RFC 5321 §4.1.2 Atom, RFC 6531 §3.3 UTF8-non-ascii
  if (c >= 0x80) return true;
  if (is_alpha(static_cast<char>(c)) || is_digit(static_cast<char>(c))) return true;
  switch (c) {
    case '!':
    case '#':
    case '$':
    case '%':
    case '&':
    case '\'':
    case '*':
    case '+':
    case '-':
    case '/':
    case '=':
    case '?':
    case '^':
    case '_':
    case '`':
    case '{':
    case '|':
    case '}':
    case '~': return true;
    default: return false;
  }
}

bool is_dot_string(std::string_view local) {
  bool after_dot = true;
  for (unsigned char c : local) {
    if (c == '.') {
      if (after_dot) return false;
      after_dot = true;
    } else if (is_atext(c)) {
      after_dot = false;
    } else {
      return false;
    }
  }
  return !after_dot;
}

Result<std::string> take_quoted(std::string_view& text) {
  std::string local;
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && ++i == text.size()) break;
    auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return bad("a control character in a quoted local part", i);
    local += text[i];
  }
  if (i >= text.size()) return bad("a quoted local part that does not end", text.size());
  text.remove_prefix(i + 1);
  return local;
}

}  // namespace

Result<Domain> Domain::parse(std::string_view text) {
  if (text.empty()) return bad("expected a domain", 0);
  Domain domain;
  if (text.front() == '[') {
    TRY(domain.text_, parse_literal(text));
    return domain;
  }
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > 4 * kDomainOctetsMax) return bad("a domain longer than 255 octets", 255);
  if (all_ascii(text)) {
    domain.text_ = to_lower(text);
  } else {
    if (!is_utf8(text)) return bad("a domain that is not UTF-8", 0);
    TRY(domain.text_, to_a_labels(text));
  }
  if (domain.text_.size() > kDomainOctetsMax) return bad("a domain longer than 255 octets", 255);
  std::size_t at = 0;
  for (std::string_view label : split(domain.text_, '.')) {
    if (auto i = bad_label_octet(label)) return bad("not a domain", at + *i);
    at += label.size() + 1;
  }
  return domain;
}

std::string Domain::display() const {
  if (text_.find("xn--") == std::string::npos) return text_;
  char* unicode = nullptr;
  if (idn2_to_unicode_8z8z(text_.c_str(), &unicode, 0) != IDN2_OK) return text_;
  std::string out(unicode);
  std::free(unicode);
  return out;
}

Result<std::string> take_local_part(std::string_view& text) {
  std::string local;
  std::size_t before = text.size();
  if (text.starts_with('"')) {
    TRY(local, take_quoted(text));
  } else {
    std::size_t i = 0;
    bool after_dot = true;
    for (; i < text.size(); ++i) {
      char c = text[i];
      if (c == '.') {
        if (after_dot) return bad("two dots, or a dot at the start of a local part", i);
        after_dot = true;
      } else if (is_atext(static_cast<unsigned char>(c))) {
        after_dot = false;
      } else {
        break;
      }
    }
    if (i == 0) return bad("expected a local part", 0);
    if (after_dot) return bad("a dot at the end of a local part", i - 1);
    local = text.substr(0, i);
    text.remove_prefix(i);
  }
  // RFC 5321 §4.5.3.1.1
  if (local.size() > kLocalPartOctetsMax) return bad("a local part longer than 64 octets", 64);
  if (!is_utf8(local)) return bad("a local part that is not UTF-8", 0);
  if (local.empty()) return bad("an empty local part", before - text.size());
  return local;
}

Result<Address> Address::parse(std::string_view text) {
  std::string_view rest = text;
  Address address;
  TRY(address.local, take_local_part(rest));
  std::size_t at = text.size() - rest.size();
  if (!rest.starts_with('@')) return bad("expected @", at);
  auto domain = Domain::parse(rest.substr(1));
  if (!domain) {
    domain.error().at += at + 1;
    return Failure(std::move(domain).error());
  }
  address.domain = *std::move(domain);
  return address;
}

std::string Address::str() const {
  std::string out;
  if (is_dot_string(local)) {
    out = local;
  } else {
    out = "\"";
    for (char c : local) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  if (!domain.empty()) out.append("@").append(domain.str());
  return out;
}

bool Address::is_ascii() const {
  return all_ascii(local);
}

std::string to_string(const ReversePath& path) {
  return path ? "<" + path->str() + ">" : std::string("<>");
}

}  // namespace posta
